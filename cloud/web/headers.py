"""Headers that every answer carries: what the browser may load, keep and tell others."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, request

# Nothing foreign, nothing inline: government networks are closed, injected script finds no way.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_STATIC_S = 300
_HSTS = "max-age=31536000"


def init_app(app: Flask, *, secure: bool, tiles: str = "") -> None:
    """Set the headers on every response, errors included; `secure` = served over https, `tiles` =
    where pictures of a map may come from besides."""
    policy = f"{POLICY}; img-src 'self' data: {_host(tiles)}" if tiles else POLICY

    @app.after_request
    def protect(response: Response) -> Response:
        for name, value in (_ALWAYS | {"Content-Security-Policy": policy}).items():
            response.headers.setdefault(name, value)
        if secure:
            response.headers.setdefault("Strict-Transport-Security", _HSTS)
        if request.endpoint == "static" and response.status_code in (200, 304):
            response.headers["Cache-Control"] = f"public, max-age={_STATIC_S}"
        else:  # pages name people and places: nothing of them stays on a shared phone
            response.headers["Cache-Control"] = "no-store"
            response.vary.add("Cookie")
        return response


def _host(tiles: str) -> str:
    """Scheme and host of an address; `{s}` in it means any of the host's own."""
    parts = urlsplit(tiles.replace("{s}", "*"))
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
