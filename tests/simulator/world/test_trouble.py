import pytest

from simulator.world.faults import FAULTS
from simulator.world.trouble import Step


async def test_an_unknown_fault_is_an_error(desk):
    async with desk() as d:
        with pytest.raises(KeyError):
            d.trouble.begin("gremlins")


async def test_a_fault_begun_twice_is_there_once_and_its_first_state_comes_back(desk):
    async with desk() as d:
        d.trouble.begin("weak", 5)
        d.trouble.begin("weak", 2)
        assert d.radio.csq_level == 2
        d.trouble.end("weak")
        assert d.radio.csq_level == 21
        d.trouble.end("weak")


async def test_faults_on_the_same_thing_are_taken_back_in_order(desk):
    async with desk() as d:
        d.trouble.begin("weak", 5)
        d.trouble.begin("csq-99")
        d.trouble.end_all()
        assert d.radio.csq_level == 21 and d.trouble.active == []


async def test_a_script_is_played_in_time_and_logged(desk):
    async with desk() as d:
        start = d.modem.clock()
        await d.trouble.play(
            [
                Step(0.06, "garbage", 3),
                Step(0.02, "weak", 5, for_s=0.06),
            ]
        )
        log = [(entry.name, entry.size, entry.began) for entry in d.trouble.log]
        assert log == [("weak", 5, True), ("garbage", 3, True), ("weak", 0, False)]
        began = [entry.at_ns - start for entry in d.trouble.log]
        assert began[0] >= 0.019e9 and began[1] >= 0.059e9 and began[2] >= 0.079e9
        assert d.radio.csq_level == 21


async def test_the_same_seed_gives_the_same_storm(desk):
    storms = []
    for _ in range(2):
        async with desk(seed=5) as d:
            storms.append(d.trouble.storm(FAULTS, 3_600, 60))
    assert storms[0] == storms[1]
    assert 30 < len(storms[0]) < 120
    assert all(0 < step.at_s < 3_600 and step.name in FAULTS for step in storms[0])
