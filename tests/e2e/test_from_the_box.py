"""From the box to the first weld: flashed, enrolled, fitted, and a whole job on the machine."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from cloud.base.settings import Settings
from cloud.base.unit import Ground
from cloud.link import enrolment
from cloud.registry import enterprises, machines, people
from flash import steps
from flash.bench import Module, Wanted
from simulator.cable import made_up
from simulator.cable.flashchip import Kind
from simulator.check import FIRE_WATCH, VALID, person
from simulator.demo import Demo
from simulator.job import Machine, patiently, prepare, switch_off, switch_on
from tests.simulator.on_the_bench import Bench, on_the_bench

pytestmark = pytest.mark.slow
_MAC = "a4cf120000b0"


class OnTheBoard(Machine):
    """A machine whose terminal is a virtual board of this process."""

    board: Bench

    def look(self, since_ns: int = 0) -> dict[str, Any]:
        return dict(self.board.do(self.board.board.world.show, since_ns))


def a_machine_without_a_terminal(stage: Demo) -> tuple[str, str]:
    """(its code, an enrolment code): its record is complete, its old terminal was taken off."""
    code = str(stage.county["machines"][0]["code"])
    ground = Ground.open(Settings(data_dir=Path(stage.data)))
    with ground.write() as unit:
        machine = machines.by_code(unit, code)
        office = people.by_login(unit, "office1")
        assert machine and office and enterprises.get(unit, machine.enterprise_id)
        machines.fit(unit, machine, None)
        machine.category, machine.supply, machine.max_a = "弧焊机", "380", 400
        made = enrolment.make(unit, office.id, 1, 1)[1]
    ground.close()
    return code, made


def test_a_module_from_the_box_is_flashed_fitted_and_welds(stage: Demo, tmp_path: Path) -> None:
    code, made = a_machine_without_a_terminal(stage)
    image = tmp_path / "image.bin"
    image.write_bytes(made_up.image())
    digest = hashlib.sha256(image.read_bytes()).hexdigest()
    said: list[str] = []
    with on_the_bench(tmp_path / "board", kind=Kind(mac=_MAC)) as bench:
        wanted = Wanted(
            port=str(bench.board.link),
            image=image,
            image_sha256=digest,
            cloud=stage.web_url,
            code=made,
            machine=code,
            virtual=True,
            labels=tmp_path / "labels",
        )
        module = Module(wanted, said.append, lambda question: True, tmp_path)
        assert steps.flash(module), said
        assert (tmp_path / "labels" / f"{code}.pdf").read_bytes().startswith(b"%PDF")
        bench.do(bench.board.pull)  # off the bench, and into the machine
        bench.do(bench.board.plug)
        machine = OnTheBoard(code, module.record["device"], stage.bench_url)
        machine.board = bench
        for _ in patiently("on line", "the flashed terminal never came on line", 120):
            if machine.look()["on_line"]:
                break
        welder, fire_watch = person(stage, VALID), person(stage, FIRE_WATCH)
        prepare(welder, fire_watch, machine)
        switch_on(welder, machine)
        assert machine.look()["relay"] == 1
        switch_off(welder, machine)
        assert machine.look()["relay"] == 0
