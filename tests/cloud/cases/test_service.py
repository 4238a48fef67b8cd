"""What a technician's record says and what is left of it: decided from its entries alone."""

import pytest

from cloud.cases.service import STEPS, missing, written

PICTURES = [
    ("picture", {"phase": "before", "digest": "a"}),
    ("picture", {"phase": "after", "digest": "b"}),
]


def test_a_fresh_record_has_every_step_before_it() -> None:
    for kind, steps in STEPS.items():
        assert missing(kind, written([("begun", {})]), tested=False) == list(steps)


def test_what_was_corrected_counts_as_it_was_said_last_and_pictures_all_count() -> None:
    told = written([("seal", {"number": "1"}), *PICTURES, ("seal", {"number": "2"}), PICTURES[0]])
    assert told.last["seal"] == {"number": "2"}
    assert told.phase("before") == ["a", "a"] and told.phase("after") == ["b"]


@pytest.mark.parametrize("tested", [True, False])
def test_a_record_is_complete_only_with_a_test_that_passed(tested: bool) -> None:
    steps = ("agreement", "terminal", "seal", "acceptance", "document")
    told = written([*PICTURES, *((step, {}) for step in steps)])
    assert missing("installation", told, tested) == ([] if tested else ["test"])


def test_a_repair_asks_for_no_agreement_and_no_seal() -> None:
    told = written([("work", {"done": "换触点"}), *PICTURES])
    assert missing("repair", told, True) == ["acceptance", "document"]
