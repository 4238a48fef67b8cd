"""`hanma bench revoke`: the figures are there, for both brokers."""

import json

import pytest
from click.testing import CliRunner

from cloud.bench.mosquitto import found
from cloud.cli import main


@pytest.mark.slow
@pytest.mark.sqlite  # the programs that it starts have the file
@pytest.mark.skipif(found() is None, reason="no mosquitto here")
def test_a_revoked_terminal_is_put_out_by_both_brokers_and_the_longest_time_is_told() -> None:
    done = CliRunner().invoke(main, ["bench", "revoke", "--times", "1"])
    told = json.loads(done.stdout.splitlines()[-1])
    assert {"ok", "revoked", "embedded_max_s", "mosquitto_max_s", "limit_s"} == set(told), told
