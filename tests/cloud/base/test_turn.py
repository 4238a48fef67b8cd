"""Whoever waits for the one writer hears of its end, and never waits for a word alone."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cloud.base.turn import ENDING, Turn

_LONG_S = 20


def test_a_word_of_another_process_ends_the_waiting(tmp_path: Path) -> None:
    """An object of its own stands for it: nothing but the file is shared."""
    waiting, other = Turn(f"{tmp_path}/a.db"), Turn(f"{tmp_path}/a.db")
    other.over()  # before anybody has waited there is nobody to be told
    assert list(tmp_path.iterdir()) == []
    with ThreadPoolExecutor(1) as pool:
        told = pool.submit(waiting.wait, _LONG_S)
        while not told.done():
            other.over()
    assert told.result()
    waiting.wait(0)
    assert not waiting.wait(0)
    waiting.close()


def test_without_a_pipe_waiting_ends_by_itself_and_a_file_of_its_name_is_left_alone(
    tmp_path: Path,
) -> None:
    assert not Turn(f"{tmp_path}/nowhere/a.db").wait(0)
    file = tmp_path / f"a.db{ENDING}"
    file.write_text("mine")
    turn = Turn(f"{tmp_path}/a.db")
    assert not turn.wait(0)
    turn.over()
    assert file.read_text() == "mine"
