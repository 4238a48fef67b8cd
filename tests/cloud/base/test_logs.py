"""Log lines tell what failed and where, and nobody's name."""

import json
import logging
import subprocess
import sys

import pytest

from cloud.base import logs


def record(message: str = "job %s", *args: object, error: bool = False) -> logging.LogRecord:
    found = None
    if error:
        try:
            try:
                raise KeyError("张三 990101199001011237")
            except KeyError as cause:
                raise ValueError("张三") from cause
        except ValueError:
            found = sys.exc_info()
    return logging.LogRecord("cloud.x", logging.ERROR, "x.py", 1, message, args, found)


def test_a_line_for_programs_is_one_json_object() -> None:
    line = logs.Json().format(record("job %s\nended", "j1"))
    told = json.loads(line)
    assert "\n" not in line
    assert told["message"] == "job j1\nended"
    assert (told["level"], told["logger"]) == ("error", "cloud.x")
    assert "exception" not in told


@pytest.mark.parametrize("style", [logs.Json(), logs.Text()])
def test_an_exception_is_its_kind_and_places_never_its_words(style: logging.Formatter) -> None:
    line = style.format(record("failed", error=True))
    assert "ValueError at " in line and "because of KeyError at " in line
    assert "test_logs.py" in line
    assert "张三" not in line and "990101199001011237" not in line


FALLS = """
import threading
from cloud.base import logs

def fall():
    raise ValueError("张三 990101199001011237")

logs.set_up("json", 20)
thread = threading.Thread(target=fall, name="courier")
thread.start()
thread.join()
fall()
"""


def test_what_brings_a_thread_or_the_program_down_is_a_line_like_the_others() -> None:
    done = subprocess.run([sys.executable, "-c", FALLS], capture_output=True, text=True)
    told = [json.loads(line) for line in done.stderr.splitlines()]
    assert [one["message"] for one in told] == ["the thread courier ended", "the program ended"]
    assert all(one["exception"].startswith("ValueError at ") for one in told)
    assert done.returncode == 1 and "张三" not in done.stderr
