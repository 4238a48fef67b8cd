"""One whole job through public HTTP: two phones, and ears and eyes at the machine."""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from simulator.demo import get_json, post_json
from simulator.phone import Answer, Phone, fresh_picture

_DIGITS = dict(zip("零一二三四五六七八九", "0123456789", strict=True))
_DIGITS["幺"] = "1"
_CODE = re.compile(f"(?:[{''.join(_DIGITS)}0-9][，、,\\s]*){{4}}")
_PATIENCE_S = 60
_LOOK_S = 0.02


class StepFailed(Exception):
    """A step of the job did not do what it must; `step` names it."""

    def __init__(self, step: str, why: str) -> None:
        super().__init__(f"{step}: {why}")
        self.step = step


@dataclass
class Person:
    """Somebody with a phone of their own."""

    phone: Phone
    name: str


@dataclass
class Machine:
    """One machine of the demonstration: its page, and the bench beside it."""

    code: str
    device: str
    bench: str

    @property
    def page(self) -> str:
        return f"/m/{self.code}"

    def look(self, since_ns: int = 0) -> dict[str, Any]:
        return get_json(f"{self.bench}/terminals/{self.device}?since_ns={since_ns}")

    def touch(self, hand: str, value: Any = None) -> None:
        post_json(f"{self.bench}/terminals/{self.device}/{hand}", value)

    def wire_ms(self, from_ns: int, to_ns: int) -> float:
        """UART time of the bytes that crossed in that stretch."""
        url = f"{self.bench}/terminals/{self.device}/wire?from_ns={from_ns}&to_ns={to_ns}"
        return get_json(url)["wire_ms"]

    def relay_moved(self, level: int, since_ns: int) -> int:
        """When the relay pin went to `level` after `since_ns` (monotonic ns); waits for it."""
        for _ in patiently("relay", f"the relay pin did not go to {level}"):
            for at_ns, moved in self.look(since_ns)["moves"]:
                if moved == level:
                    return at_ns
        raise AssertionError

    def hear_code(self, since_ns: int) -> str:
        """The four digits that the terminal speaks after `since_ns`."""
        for _ in patiently("speak", "no spoken code was heard"):
            for _, text in self.look(since_ns)["said"]:
                if found := _CODE.search(text):
                    letters = [_DIGITS.get(letter, letter) for letter in found.group(0)]
                    return "".join(letter for letter in letters if letter.isdigit())
        raise AssertionError


def patiently(step: str, complaint: str, patience_s: float = _PATIENCE_S) -> Iterator[None]:
    """Yields again and again for a while; then StepFailed."""
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        yield
        time.sleep(_LOOK_S)
    raise StepFailed(step, complaint)


def expect(step: str, answer: Answer) -> dict[str, Any]:
    """The JSON of an answer that went well; StepFailed with the refusals otherwise."""
    if answer.status != 200:
        raise StepFailed(step, f"HTTP {answer.status} {answer.body[:400]}")
    return answer.json()


def wait_state(
    step: str, person: Person, machine: Machine, wanted: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """The page's own state as soon as it is `wanted`."""
    state: dict[str, Any] = {}
    for _ in patiently(step, "the page never showed it"):
        state = expect(step, person.phone.request("GET", f"{machine.page}/state"))
        if wanted(state):
            break
    return state


def ticks(step: str, person: Person, machine: Machine) -> list[str]:
    """Everything that the check-list of the present step asks for."""
    state = expect(step, person.phone.request("GET", f"{machine.page}/state"))
    return [tick["id"] for tick in state["ticks"]]


def prove_presence(step: str, person: Person, machine: Machine) -> str:
    """Opens the machine's page, lets the terminal speak, and listens."""
    person.phone.open(machine.page)
    before_ns = time.monotonic_ns()
    expect(step, person.phone.press(f"{machine.page}/speak"))
    code = machine.hear_code(before_ns)
    person.phone.open(machine.page)
    return code


def take_pictures(step: str, person: Person, machine: Machine) -> None:
    """As many as the page still asks this person for."""
    state = expect(step, person.phone.request("GET", f"{machine.page}/state"))
    for _ in range(state["pictures_wanted"]):
        person.phone.open(machine.page)
        answer = person.phone.show(f"{machine.page}/picture", "picture", fresh_picture())
        expect(step, answer)


def prepare(welder: Person, fire_watch: Person, machine: Machine) -> None:
    """From the scan to the fire watch's confirmation: nothing left but the welder's ON."""
    page = machine.page
    welder.phone.open(page)
    expect(
        "apply",
        welder.phone.press(
            f"{page}/apply", site="演示车间东侧", work="支架焊接", voucher="演示-动火票-001"
        ),
    )
    take_pictures("pictures of the site", welder, machine)
    code = prove_presence("speak to the welder", welder, machine)
    listed = ticks("check", welder, machine)
    expect("check", welder.phone.press(f"{page}/check", code=code, ticks=listed, ten="1"))
    take_pictures("joint photo", fire_watch, machine)
    code = prove_presence("speak to the fire watch", fire_watch, machine)
    listed = ticks("watch", fire_watch, machine)
    expect("watch", fire_watch.phone.press(f"{page}/watch", code=code, ticks=listed))
    welder.phone.open(page)


def switch_on(welder: Person, machine: Machine) -> tuple[int, int]:
    """Presses ON: (moment of the request, moment of the pin), monotonic ns."""
    answer = welder.phone.press(f"{machine.page}/on")
    expect("on", answer)
    return answer.sent_ns, machine.relay_moved(1, answer.sent_ns)


def switch_off(person: Person, machine: Machine) -> tuple[int, int]:
    person.phone.open(machine.page)
    answer = person.phone.press(f"{machine.page}/off")
    expect("off", answer)
    return answer.sent_ns, machine.relay_moved(0, answer.sent_ns)


def clear(welder: Person, machine: Machine) -> None:
    welder.phone.open(machine.page)
    listed = ticks("clear", welder, machine)
    expect("clear", welder.phone.press(f"{machine.page}/clear", ticks=listed))


def reported_amps(officer: Person, machine: Machine) -> float:
    """The current that the list of machines shows for the machine."""
    shown = expect("machine list", officer.phone.request("GET", "/machines.json"))
    return next(m["amps"] or 0 for m in shown["machines"] if m["code"] == machine.code)


def wait_amps(
    step: str, officer: Person, machine: Machine, wanted: Callable[[float], bool]
) -> float:
    amps = 0.0
    for _ in patiently(step, "the list of machines never showed it"):
        amps = reported_amps(officer, machine)
        if wanted(amps):
            break
    return amps
