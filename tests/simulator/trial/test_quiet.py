"""The moment from which on all is quiet, read by programs of their own."""

import time
from pathlib import Path

from simulator.trial.quiet import Quiet


def test_the_moment_may_be_put_off_and_brought_forward(tmp_path: Path) -> None:
    trial, player = Quiet(tmp_path / "quiet"), Quiet(tmp_path / "quiet")
    trial.put(time.time() + 3600)
    assert not player.come
    trial.put(1.5)
    assert player.come and player.at == 1.5
