"""Log lines without people's data: an exception is its kind and its places, never its message.

Messages of exceptions quote what they met: a row with a name in it, a number that was typed.
"""

import json
import logging
import sys
import threading
import traceback
from datetime import UTC, datetime
from types import TracebackType

log = logging.getLogger(__name__)

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
    """The root logger's one handler, on the error output; `style` = text or json. What brings a
    thread or the program down is a line of it too, in place of Python's own words."""
    handler = logging.StreamHandler()
    handler.setFormatter(Json() if style == "json" else Text())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = _thread_fell
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = _fell


def _thread_fell(args: threading.ExceptHookArgs) -> None:
    if args.exc_type is not SystemExit:
        name = args.thread.name if args.thread else "?"
        log.critical("the thread %s ended", name, exc_info=args.exc_value)


def _fell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        log.critical("the program ended", exc_info=error)


def _places(trace: TracebackType | None) -> str:
    frames = traceback.extract_tb(trace)[-_FRAMES:]
    return " < ".join(f"{f.filename}:{f.lineno} {f.name}" for f in reversed(frames))
