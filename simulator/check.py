"""`./run.sh --check`: the main job played once, end to end, and its figures as one JSON object."""

import json
import sys
from collections.abc import Callable
from typing import Any

from simulator.demo import Demo, DemoError, end_on_signals
from simulator.job import (
    Machine,
    Person,
    StepFailed,
    clear,
    patiently,
    prepare,
    switch_off,
    switch_on,
    wait_amps,
    wait_state,
)
from simulator.phone import PhoneError

VALID, EXPIRED, FIRE_WATCH, OFFICER = "welder1", "welder2", "watch1", "officer1"
_AMPS = 120.0


def play(stage: Demo) -> int:
    """Prints the steps on stderr and the result as the last line of stdout; exit code."""
    result: dict[str, Any] = {"ok": False}
    step = "start"

    def tell(name: str) -> None:
        nonlocal step
        step = name
        print(f"· {name}", file=sys.stderr, flush=True)

    tell(step)
    end_on_signals()
    try:
        with stage:
            result |= whole_job(stage, tell)
            result["ok"] = True
    except StepFailed as error:
        result |= {"step": error.step, "why": str(error)}
    except (DemoError, PhoneError, OSError, KeyError, ValueError) as error:
        result |= {"step": step, "why": f"{type(error).__name__}: {error}"}
    except KeyboardInterrupt:
        result |= {"step": step, "why": "interrupted"}
    print(json.dumps(result, ensure_ascii=False), flush=True)
    return 0 if result["ok"] else 1


def person(stage: Demo, login: str) -> Person:
    """Somebody of the demonstration county, signed in on a phone of their own."""
    entry = next(p for p in stage.county["people"] if p["login"] == login)
    phone = stage.phone()
    phone.sign_in(login, entry["password"], entry["factor"], entry["pin"])
    return Person(phone, entry["name"])


def first_machine(stage: Demo) -> Machine:
    entry = next(m for m in stage.county["machines"] if m.get("device"))
    return Machine(entry["code"], entry["device"], stage.bench_url)


def whole_job(stage: Demo, tell: Callable[[str], None]) -> dict[str, Any]:
    machine = first_machine(stage)
    tell("sign in")
    welder, fire_watch = person(stage, VALID), person(stage, FIRE_WATCH)
    tell("apply, spoken code, check-list, fire watch")
    prepare(welder, fire_watch, machine)
    tell("on")
    asked_ns, closed_ns = switch_on(welder, machine)
    wire_ms = machine.wire_ms(asked_ns, closed_ns)
    wait_state("on", welder, machine, lambda s: s["state"] == "on")
    tell("arc")
    machine.touch("strike", _AMPS)
    officer = person(stage, OFFICER)
    amps = wait_amps("arc", officer, machine, lambda shown: shown > _AMPS / 2)
    machine.touch("lift")
    tell("off")
    off_asked_ns, opened_ns = switch_off(welder, machine)
    wait_state("off", welder, machine, lambda s: s["off_confirmed"])
    clear(welder, machine)
    tell("an expired certificate")
    refusal = _refused(person(stage, EXPIRED), machine)
    for _ in patiently("watch", "the firmware did not report its heap"):
        shown = machine.look()
        if shown["watch"]:
            break
    return {
        "interpreter": stage.interpreter,
        "heap_kb": max(window["heap_kb"] for window in shown["watch"]),
        "scan_to_relay_ms": _ms(closed_ns - asked_ns),
        "off_ms": _ms(opened_ns - off_asked_ns),
        "wire_ms": round(wire_ms, 1),
        "amps": amps,
        "loop_lag_ms": max(window["lag_ms"] for window in shown["watch"]),
        "refusal": refusal,
    }


def _refused(expired: Person, machine: Machine) -> str:
    """The refusal of a welder whose certificate has expired: code, source and plain words."""
    expired.phone.open(machine.page)
    answer = expired.phone.press(
        f"{machine.page}/apply", site="演示车间", work="焊接", voucher="演示-动火票-002"
    )
    if answer.status != 409:
        raise StepFailed("refusal", f"not refused: HTTP {answer.status} {answer.body[:200]}")
    for refusal in answer.json()["refusals"]:
        if refusal["code"] == "certificate-expired":
            if not refusal["source"] or not refusal["words"]:
                raise StepFailed("refusal", "without source or words")
            if machine.look()["relay"]:
                raise StepFailed("refusal", "the relay is closed")
            return f"{refusal['code']} · {refusal['source']} · {refusal['words']}"
    raise StepFailed("refusal", f"another reason: {answer.body[:200]}")


def _ms(ns: int) -> float:
    return round(ns / 1e6, 1)
