"""A replaced label: a fresh code for the machine, the old one kept and opening nothing."""

import random
from typing import Any

import pytest

from cloud.registry import labels, machines


def test_a_replaced_label_keeps_its_history(county: Any) -> None:
    machine = county.machine()
    codes = [machine.code]
    for why in ("被复印 copied", "丢失 lost"):
        with county.ground.write() as unit:
            here = machines.get(unit, machine.id)
            codes.append(labels.replace(unit, here, why=why, by="office", rng=random.Random(why)))
        county.clock.now += 1000
    assert county.ask(machines.by_code, codes[-1]).id == machine.id
    assert county.ask(machines.by_code, codes[0]) is None
    assert county.ask(labels.was_replaced, codes[0]) and county.ask(labels.was_replaced, codes[1])
    assert not county.ask(labels.was_replaced, codes[2])
    told = [(old.code, old.why) for old in county.ask(labels.history, machine.id)]
    assert told == [(codes[1], "丢失 lost"), (codes[0], "被复印 copied")]


@pytest.mark.parametrize("why", ["", "   ", "x" * 201])
def test_without_a_reason_nothing_is_replaced(county: Any, why: str) -> None:
    machine = county.machine()
    with pytest.raises(labels.BadLabel), county.ground.write() as unit:
        here = machines.get(unit, machine.id)
        labels.replace(unit, here, why=why, by="office", rng=random.Random(1))
    assert county.ask(machines.by_code, machine.code).id == machine.id
