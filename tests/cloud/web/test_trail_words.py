"""What the audit trail's rows and an inspection's findings are called: none is left out.

That no row lacks words is seen wherever a test comes by it (tests/cloud/conftest.py); here, that
each kind with a name of its own in the product has them, and that no word is left of what is gone.
"""

import ast
from pathlib import Path

import cloud
from cloud.book import inspection
from cloud.web.office import trail

# Functions through which rows are written, and where in their arguments the kind stands.
WRITERS = {"write": (3,), "_note": (3,), "move": (2, 3), "claim": (2,), "_tell": (3,)}
WRITERS |= {"_moved": (2,), "tell": (2,)}
# Kinds put together of a beginning and a state.
PARTS = ("service-", "job-", "campaign-", "module-", "machine-", "order-", "ticket-")
PARTS += ("certificate-", "reported-", "emergency-", "platform-", "recorded-")


def sources():
    folder = Path(cloud.__file__).parent
    return {path: path.read_text(encoding="utf-8") for path in folder.rglob("*.py")}


def told_of(code):
    """The kinds that this code names where it writes a row."""
    for call in (one for one in ast.walk(ast.parse(code)) if isinstance(one, ast.Call)):
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        for place in WRITERS.get(name, ()):
            for one in (part for arg in call.args[place : place + 1] for part in ast.walk(arg)):
                if isinstance(one, ast.Constant) and isinstance(one.value, str):
                    yield one.value


def test_every_kind_that_is_named_where_a_row_is_written_has_words():
    named = {
        kind
        for path, code in sources().items()
        if "audit.write(" in code or "table.move(" in code or "alarms.move(" in code
        for kind in told_of(code)
    }
    kinds = {one for one in named if "-" in one and not one.endswith("-")}
    assert len(kinds) > 60 and sorted(kinds - set(trail.KINDS)) == []


def test_no_word_is_left_of_a_kind_that_is_gone():
    texts = "".join(code for path, code in sources().items() if path.name != "trail.py")
    left = [one for one in trail.KINDS if f'"{one}"' not in texts and not one.startswith(PARTS)]
    assert left == []


def test_what_an_inspection_finds_has_words():
    found = {
        call.args[1].value
        for call in ast.walk(ast.parse(Path(inspection.__file__).read_text()))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Finding"
    }
    assert found == set(trail.FOUND)
