"""docs/routes.md: every address that answers, whom it is open to by the one table of rights, and
in the words of the page itself what it is for."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cloud.app import wsgi
from cloud.base.unit import Ground
from cloud.platform.operations import OPERATIONS, ROOT, VERSION
from cloud.web.rights import ALL_ROLES, ANYONE, BY_TOKEN, RIGHTS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "routes.md").read_text()
ROWS = [row.strip("| ").split(" | ") for row in PAGE.splitlines() if row.startswith("| `")]
TOLD = {f"{row[0]} {row[1]}": row[2:] for row in ROWS if len(row) == 5}
WIDE = {ANYONE: "anyone", ALL_ROLES: "signed in"}
FILES = "What the pages look like and do: styles, scripts, pictures."


def addresses(app: Any, root: str = "") -> Iterator[tuple[str, str]]:
    """(endpoint, methods and path as the page writes them) of every route."""
    for rule in app.url_map.iter_rules():
        methods = ", ".join(f"`{one}`" for one in sorted(rule.methods - {"HEAD", "OPTIONS"}))
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        yield rule.endpoint, f"{methods} `{root}{path}`"


def who(endpoint: str) -> str:
    right = RIGHTS[endpoint]
    return "token" if endpoint in BY_TOKEN else WIDE.get(right) or ", ".join(sorted(right))


def words(app: Any, endpoint: str) -> str:
    """What the page says of itself, on one line."""
    return (
        FILES if endpoint == "static" else " ".join(app.view_functions[endpoint].__doc__.split())
    )


def test_every_page_is_documented_with_its_right_and_in_its_own_words(ground: Ground) -> None:
    app = wsgi(ground).app  # type: ignore[attr-defined]
    for endpoint, address in addresses(app):
        assert TOLD.get(address, [])[:2] == [who(endpoint), words(app, endpoint)], address


def test_no_address_is_documented_that_does_not_answer(ground: Ground) -> None:
    whole = wsgi(ground)
    mounted = {"": whole.app, **whole.mounts}  # type: ignore[attr-defined]
    there = {address for root, app in mounted.items() for _, address in addresses(app, root)}
    assert set(TOLD) == there


def test_every_operation_of_way_2_is_documented_in_its_own_words() -> None:
    for one in OPERATIONS:
        assert TOLD[f"`{one.method}` `{ROOT}{VERSION}{one.path}`"][2] == one.zh, one.name


def test_every_address_is_told_in_chinese_too() -> None:
    assert [address for address, row in TOLD.items() if not re.search("[一-鿿]", row[2])] == []
