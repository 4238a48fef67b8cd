"""Log lines without people's data: an exception is its kind and its places, never its message.

Messages of exceptions quote what they met: a row with a name in it, a number that was typed.
"""

import json
import logging
import traceback
from datetime import UTC, datetime
from types import TracebackType

_FRAMES = 12


class Text(logging.Formatter):
    """A line for people."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def formatException(self, ei: object) -> str:
        return told(ei)


class Json(logging.Formatter):
    """A line for programs: time (UTC), level, logger, message, and `exception` if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        line = {
            "time": at.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = told(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def told(found: object) -> str:
    """Kinds of an exception and of what caused it, with the places they passed."""
    error = found[1] if isinstance(found, tuple) else None
    parts = []
    while isinstance(error, BaseException) and len(parts) < 5:
        parts.append(f"{type(error).__qualname__} at {_places(error.__traceback__)}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return " because of ".join(parts)


def set_up(style: str, level: int) -> None:
    """The root logger's one handler, on the error output; `style` = text or json."""
    handler = logging.StreamHandler()
    handler.setFormatter(Json() if style == "json" else Text())
    logging.basicConfig(level=level, handlers=[handler], force=True)


def _places(trace: TracebackType | None) -> str:
    frames = traceback.extract_tb(trace)[-_FRAMES:]
    return " < ".join(f"{f.filename}:{f.lineno} {f.name}" for f in reversed(frames))
