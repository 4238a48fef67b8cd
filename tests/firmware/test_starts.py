"""Why a terminal started, and what its last run died of."""

import json
from pathlib import Path

import pytest
from terminal import starts
from terminal.board.store import Store


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("HANMA_NVS", str(tmp_path))
    return Store()


def died(error: Exception) -> None:
    """As main.py does with what escapes."""
    import crash

    try:
        try:
            raise error
        except Exception as caught:
            raise RuntimeError("outer") from caught
    except RuntimeError as both:
        crash.keep(both.__cause__)


def test_starts_are_counted_and_the_chips_word_is_the_reason(store: Store) -> None:
    assert starts.begin(store, "power") == (1, {"reason": "power"})
    assert starts.begin(store, "watchdog") == (2, {"reason": "watchdog"})


def test_a_restart_by_ones_own_will_has_its_own_word_until_it_is_told(store: Store) -> None:
    starts.leaving(store, "upgrade")
    assert starts.begin(store, "restart")[1]["reason"] == "upgrade"
    assert starts.begin(store, "power")[1]["reason"] == "upgrade"  # cut before it was told
    starts.told(store)
    assert starts.begin(store, "power") == (3, {"reason": "power"})


def test_a_crash_is_told_with_its_place_until_it_is_told(store: Store) -> None:
    died(ValueError("x\n焊" + "y" * 500))
    for _ in range(2):
        _, fields = starts.begin(store, "restart")
        crash = fields["crash"]
        assert fields["reason"] == "crash"
        assert crash["type"] == "ValueError"
        assert crash["message"] == "x??" + "y" * 97
        assert crash["trace"].startswith("test_starts.py:")
        assert crash["trace"].split(" < ")[0].endswith(" died")
        assert set(crash) == {"type", "message", "trace", "up", "free", "fw"}
    starts.told(store)
    assert starts.begin(store, "power")[1] == {"reason": "power"}


def test_a_crash_fits_the_store_and_the_journal_however_deep_it_was(store: Store) -> None:
    def deep(left: int) -> None:
        if left:
            deep(left - 1)
        raise OSError("m" * 1000)

    try:
        deep(100)
    except OSError as error:
        import crash

        crash.keep(error)
    kept = store.get("crash", 700)
    assert kept and len(json.loads(kept)["trace"]) <= 240


@pytest.mark.parametrize("odd", [b"", b"nul", b"\xff", b"{", b"x" * 2000])
def test_a_record_that_cannot_be_read_keeps_no_terminal_from_starting(
    store: Store, odd: bytes
) -> None:
    store.put("crash", odd)
    assert starts.begin(store, "power") == (1, {"reason": "power"})


def test_a_store_that_refuses_leaves_the_crash_untold_and_raises_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HANMA_NVS", str(tmp_path / "missing"))
    died(ValueError("x"))
    assert "missing" in capsys.readouterr().err
