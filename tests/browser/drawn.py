"""From which templates a page was drawn: each answer of the stage's cloud names them in a header,
and the page that got it keeps the names until another page takes its place."""

from pathlib import Path

from flask import g

import cloud.web

HEADER = "Drawn-From"
_WHOLE = "base.html"  # what every page has and no part of one


def every():
    """The names of all templates there are."""
    folders = Path(cloud.web.__file__).parent.rglob("templates")
    found = ((folder, path) for folder in folders for path in folder.rglob("*.html"))
    return {path.relative_to(folder).as_posix() for folder, path in found}


def tell(app):
    """From now on the application's answers name their templates: with those that are extended,
    included or imported, all come this way."""
    load = app.jinja_env.get_template

    def get_template(*which, **more):
        template = load(*which, **more)
        if g:
            g.setdefault("drawn", set()).add(template.name)
        return template

    app.jinja_env.get_template = get_template

    @app.after_request
    def name(response):
        response.headers[HEADER] = " ".join(g.get("drawn", ()))
        return response


def keep(page):
    """`page.drawn`: from which templates it was drawn, as its answers tell."""
    page.drawn = set()

    def note(answer):
        names = set(answer.headers.get(HEADER.lower(), "").split())
        page.drawn = names if _WHOLE in names else page.drawn | names

    page.on("response", note)
