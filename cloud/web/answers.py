"""Answers for the page's own script and other programs: JSON with an ETag, 304 when unchanged."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import Response, jsonify, request

from cloud.base.database import canonical


def etag(shown: dict[str, Any]) -> str:
    """A short digest of what is shown; the page carries it, so its first poll is a 304."""
    return hashlib.sha256(canonical(shown).encode()).hexdigest()[:24]


def unless_known(shown: dict[str, Any]) -> Response:
    """The JSON under its ETag; an empty 304 for who has it already."""
    response = jsonify(shown)
    response.set_etag(etag(shown))
    return response.make_conditional(request)
