"""Which tree of the application is started: the factory's at the root, or slot a or b. Pure.

One small text in the chip's store holds all of it and is written whole, so that a power cut
leaves the state before or the state after. It belongs to the loader, which only a cable replaces;
the application changes it through the functions here alone.
"""

from collections import namedtuple

_NAMES = ("active", "trial", "release", "tries", "bad", "floor", "failed")
State = namedtuple("State", _NAMES)
"""active: confirmed slot, '' = factory. trial: slot on trial or ''; release: what is in it; tries:
its starts so far. bad: starts that did not go well, in a row. floor: the highest release ever
confirmed. failed: a release whose trial failed and was not yet told of, or 0."""

FRESH = State("", "", 0, 0, 0, 0, 0)
TRIES = 3  # of a trial whose power is cut; a crash or a hang ends it at once
BAD = 5  # then the rescue is started


def read(text):
    """The State in the bytes of the store; a fresh one where there is none."""
    try:
        part = (text or b"").decode().split(",")
        state = State(part[0], part[1], *[int(number) for number in part[2:]])
    except (ValueError, IndexError, TypeError):
        return FRESH
    return state if state.active in ("", "a", "b") and state.trial in ("", "a", "b") else FRESH


def written(state):
    return ("%s,%s,%d,%d,%d,%d,%d" % tuple(state)).encode()


def boot(state, power, there):
    """(state to keep before anything is started, slot, whether to start the rescue).

    `power`: the start came from power-up, not from a crash or a watchdog. `there`: the slots whose
    tree exists. A welder pulls plugs, so a power-up is nobody's fault; and it gives an
    application that was put aside for the rescue one more chance.
    """
    if state.trial:
        if state.trial in there and (state.tries == 0 or (power and state.tries < TRIES)):
            return _with(state, tries=state.tries + 1), state.trial, False
        state = given_up(state)
    elif power:
        state = _with(state, bad=min(state.bad, BAD - 1))
    else:
        state = _with(state, bad=min(state.bad + 1, BAD))
    if state.bad >= BAD:
        return state, "", True
    return state, state.active if state.active in there else "", False


def spare(state):
    """The slot that a new release may be written to."""
    return "b" if state.active == "a" else "a"


def on_trial(state, release):
    """What is in the spare slot is started next."""
    return _with(state, trial=spare(state), release=release, tries=0, bad=0, failed=0)


def confirmed(state):
    """The trial went well: there is no way back below this release."""
    floor = max(state.floor, state.release)
    return _with(state, active=state.trial, trial="", tries=0, bad=0, floor=floor)


def given_up(state):
    """Back to what ran before; the count begins anew for it."""
    return _with(state, trial="", tries=0, bad=0, failed=state.release)


def told(state):
    return _with(state, failed=0)


def good(state):
    return _with(state, bad=0)


def _with(state, **changes):
    return State(*[changes.get(name, old) for name, old in zip(_NAMES, state)])
