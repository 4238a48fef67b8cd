"""Chooses what this start runs and counts the starts that went wrong. Of the loader: it is never
replaced over the air, and imports nothing that is."""

import os
import sys

import esp32
import machine

_NOT_FOUND = -0x1102  # ESP_ERR_NVS_NOT_FOUND
_WATCHDOG_MS = 30000

slot = ""
rescue = False
on_trial = False


def choose():
    """Puts the chosen slot first on the path of imports. Nothing of the application has been
    imported before, and its start is on record before it is made."""
    global slot, rescue, on_trial
    rules = _rules()
    before = _read(rules)
    there = [name for name in ("a", "b") if _is_tree(name)]
    power = machine.reset_cause() == machine.PWRON_RESET
    state, slot, rescue = rules.boot(before, power, there)
    try:
        if state != before:
            _keep(rules, state)
    except OSError:  # what cannot be put on record is not tried
        slot = before.active if before.active in there else ""
    on_trial = slot != "" and slot == state.trial
    if slot:
        machine.WDT(timeout=_WATCHDOG_MS)  # an upgrade may hang before it feeds one of its own
        sys.path.insert(0, slot)
    if slot or rescue:
        print("hanma boots", slot or "rescue", "on trial" if on_trial else "")


def good():
    """The application has run well for a minute, or ends by its own will: the count is cleared."""
    rules = _rules()
    state = _read(rules)
    if state.bad:
        _keep(rules, rules.good(state))


def pending():
    """Whether the upgrade has something to do at this start: a trial, a failure to tell of, or a
    download that was cut off."""
    state = _read(_rules())
    return bool(state.trial or state.failed or _get("offer", 1024))


def restart():
    """Where the application cannot: the relay opens with the reset."""
    machine.reset()


def _is_tree(name):
    try:
        os.stat(name + "/terminal")
    except OSError:
        return False
    return True


def _rules():
    """In memory while they are asked: at a start, a minute after it, in an upgrade. Heap."""
    try:
        import slots

        return slots
    finally:
        sys.modules.pop("slots", None)


def _read(rules):
    try:
        return rules.read(_get("slots", 64))
    except OSError:  # a broken store must not keep the factory's tree from starting
        return rules.FRESH


def _get(name, most):
    room = bytearray(most)
    try:
        return bytes(room[: esp32.NVS("hanma").get_blob(name, room)])
    except OSError as error:
        if error.errno != _NOT_FOUND:
            raise
        return b""


def _keep(rules, state):
    store = esp32.NVS("hanma")
    store.set_blob("slots", rules.written(state))
    store.commit()
