"""Districts are a tree of codes; an officer sees a subtree and nothing beside it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from cloud.base import districts
from cloud.base.unit import Unit
from cloud.registry.enterprises import Enterprise

codes = st.builds(
    lambda community, length: community[:length],
    st.sampled_from(["990101001001", "990101001002", "990101002001", "990201001001"]),
    st.sampled_from(districts.LENGTHS),
)


@pytest.mark.parametrize(
    ("code", "root", "inside"),
    [
        ("990101001", "990101", True),
        ("990101", "990101", True),
        ("990101001002", "99", True),
        ("990101", "990101001", False),
        ("990102001", "990101", False),
        ("990101", "", False),
        ("", "", False),
        ("990101", "9901010", False),
        ("99010", "99", False),
        ("99010a", "99", False),
    ],
)
def test_within(code: str, root: str, inside: bool) -> None:
    assert districts.within(code, root) is inside


@given(codes)
def test_every_code_lies_in_all_of_its_path(code: str) -> None:
    path = districts.path(code)
    assert path[0] == code
    assert path[-1] == "99"
    assert all(districts.within(code, place) for place in path)


@given(codes, codes, codes)
def test_what_lies_in_a_part_lies_in_the_whole(a: str, b: str, c: str) -> None:
    if districts.within(a, b) and districts.within(b, c):
        assert districts.within(a, c)


def test_the_database_draws_the_same_border(county: Any) -> None:
    for place in ("99", "990101", "990101001", "990102", "990101002003"):
        county.enterprise(district=place)

    def seen(unit: Unit, root: str) -> set[str]:
        rows = select(Enterprise.district).where(districts.below(root, Enterprise.district))
        return set(unit.db.scalars(rows))

    assert county.ask(seen, "990101") == {"990101", "990101001", "990101002003"}
    assert county.ask(seen, "990101002") == {"990101002003"}


@pytest.mark.parametrize("root", ["", "%", "9", "99_101"])
def test_a_border_of_nowhere_is_an_error_and_never_everything(root: str) -> None:
    with pytest.raises(ValueError, match="no district code"):
        districts.below(root, Enterprise.district)
