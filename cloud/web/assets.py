"""Addresses of our own style and script, named by their content so that none is ever stale."""

from __future__ import annotations

import hashlib
from pathlib import Path

from flask import Flask, url_for


def init_app(app: Flask) -> None:
    """Give templates `asset(name)`: the static address with the digest of what is in the file."""
    folder = Path(str(app.static_folder))
    digests = {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()[:12]
        for file in folder.iterdir()
        if file.is_file()
    }
    app.jinja_env.globals["asset"] = lambda name: url_for("static", filename=name, v=digests[name])
