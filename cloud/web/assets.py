"""Addresses of our own style and script, named by their content so that none is ever stale, and
sent small: welders pay for what their phones load."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

from flask import Flask, Response, request, url_for

_SMALL = 1_000  # bytes; below, packing gains nothing
_PACKED = {"text/css", "text/javascript", "application/javascript", "image/svg+xml"}


def init_app(app: Flask) -> None:
    """Give templates `asset(name)`: the static address with the digest of what is in the file."""
    folder = Path(str(app.static_folder))
    digests = {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()[:12]
        for file in folder.rglob("*")
        if file.is_file()
    }
    app.jinja_env.globals["asset"] = lambda name: url_for("static", filename=name, v=digests[name])
    packed: dict[str, bytes] = {}

    @app.after_request
    def pack(response: Response) -> Response:
        """Only files: a page that holds a token and what somebody typed is never packed."""
        if request.endpoint != "static" or response.mimetype not in _PACKED:
            return response
        response.vary.add("Accept-Encoding")
        if response.status_code != 200 or "gzip" not in request.accept_encodings:
            return response
        response.direct_passthrough = False
        body = response.get_data()
        if len(body) > _SMALL:
            if request.path not in packed:
                packed[request.path] = gzip.compress(body, 9)
            response.set_data(packed[request.path])
            response.headers["Content-Encoding"] = "gzip"
        return response
