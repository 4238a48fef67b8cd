"""The web edge: server-rendered pages, one blueprint per audience.

Pages hold no decisions. They read a form, call one function of a room inside one unit, and show
what came back. Every page works with the script off.
"""

from __future__ import annotations

from flask import Flask

from cloud.base.unit import Ground
from cloud.web import (
    accounts,
    activation,
    assets,
    carrying,
    contracts,
    enterprise,
    exempt,
    headers,
    language,
    monitoring,
    office,
    permits,
    regulator,
    reviews,
    rights,
    shown,
    technician,
    terminal,
    trouble,
    visitor,
    welder,
)
from cloud.web.once import Once
from cloud.web.welder.draft import Drafts

BODY_LIMIT = 64 * 1024  # bytes; a form of ours has a few hundred


def create_app(ground: Ground) -> Flask:
    """The WSGI application on this ground."""
    app = Flask(__name__)
    app.config.update(MAX_CONTENT_LENGTH=BODY_LIMIT, MAX_FORM_MEMORY_SIZE=BODY_LIMIT)
    app.extensions["hanma"] = ground
    app.extensions["hanma_once"] = Once()
    app.extensions["hanma_drafts"] = Drafts()
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    # The order matters to after_request only: headers, set first, run last and see everything.
    headers.init_app(
        app,
        secure=ground.settings.base_url.startswith("https://"),
        tiles=ground.settings.map_tiles,
    )
    visitor.init_app(app)
    language.init_app(app)
    rights.init_app(app)
    trouble.init_app(app)
    shown.init_app(app)
    assets.init_app(app)
    regulator.init_app(app, ground)
    app.register_blueprint(carrying.blueprint)
    app.jinja_env.globals["near_words"] = carrying.words
    for audience in (
        *(accounts, welder, regulator, enterprise, technician, office, terminal, monitoring),
        contracts,
        permits,
        exempt,
        reviews,
        activation,
    ):
        app.register_blueprint(audience.blueprint)
    return app
