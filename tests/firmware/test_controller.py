"""The modes and who may change them: every mode with every input, then a search for a gap."""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from terminal.controller import DANGER, ENDED_KEPT, LOOKS, MOVE_MS, TEST_MAX_S, WARNING
from terminal.controller import Controller as Real
from terminal.emergency import Emergency
from terminal.policy import Policy

from .prompts import PROMPTS

UP = 100_000
LEASE_S = 60
MODES = ("idle", "working", "fault", "locked", "service", "gas")
BAD_JOBS = [None, "", 7, True, "x" * 65, ["j1"], {"j": 1}, b"j1"]
BAD_LEASES = [None, 0, -1, 1.5, "60", True, False, [60], float("inf"), float("nan"), 1 << 53]


def Controller(lease_max_s: int = 43_200, **more: Any) -> Real:
    policy = Policy()
    policy.lease_max_s = lease_max_s
    return Real(policy, Emergency(policy), **more)


def looked(controller: Controller, closed: int, up: int) -> list[tuple]:
    """Effects of the contact seen so as often as it takes to be believed."""
    return [effect for _ in range(LOOKS) for effect in controller.contact(closed, up)]


def at(mode: str) -> Real:
    """A controller in one mode at UP; `j-run` runs where one can, `j-end` has ended. `gas`: idle
    with too much gas."""
    controller = Controller(ended=["j-end"], locked=mode == "locked", service=mode == "service")
    if mode == "working":
        assert controller.on("j-run", LEASE_S, UP)[0] == ""
    if mode == "fault":
        assert ("say", "fault") in looked(controller, 1, UP)
    if mode == "gas":
        controller.gas_level(99, UP)
    assert controller.mode == ("idle" if mode == "gas" else mode)
    return controller


def off(why: str) -> list[tuple]:
    return [("relay", 0), ("ended", ["j-end", "j-run"]), _note(why)]


def _note(why: str) -> tuple:
    return ("note", "off", {"job": "j-run", "why": why})


def started(job: str) -> list[tuple]:
    note = ("note", "on", {"job": job, "lease_s": LEASE_S, "by": "cloud"})
    return [("relay", 1), ("say", "on"), ("changed",), note]


LOCKED_NOW = [("say", "locked"), ("changed",), ("locked", 1), ("note", "lock", {"on": 1})]

# input: {mode: (refusal, effects, mode after)}
COMMANDS: dict[str, tuple[Any, dict[str, tuple[str, list, str]]]] = {
    "on for a new job": (
        lambda c: c.on("j-new", LEASE_S, UP + 1),
        {
            "idle": ("", started("j-new"), "working"),
            "working": ("", [*off("replaced")[1:], *started("j-new")], "working"),
            "fault": ("relay-stuck", [], "fault"),
            "locked": ("locked", [], "locked"),
            "service": ("", started("j-new"), "working"),
            "gas": ("gas", [], "idle"),
        },
    ),
    "on for the running job": (
        lambda c: c.on("j-run", LEASE_S, UP + 1),
        {
            "idle": ("", started("j-run"), "working"),
            "working": ("", [], "working"),
            "fault": ("relay-stuck", [], "fault"),
            "locked": ("locked", [], "locked"),
            "service": ("", started("j-run"), "working"),
            "gas": ("gas", [], "idle"),
        },
    ),
    "on for an ended job": (
        lambda c: c.on("j-end", LEASE_S, UP + 1),
        {mode: ("ended", [], mode) for mode in MODES} | {"gas": ("ended", [], "idle")},
    ),
    "on without a job": (
        lambda c: c.on("", LEASE_S, UP + 1),
        {mode: ("malformed", [], mode) for mode in MODES} | {"gas": ("malformed", [], "idle")},
    ),
    "on without a lease": (
        lambda c: c.on("j-new", 0, UP + 1),
        {mode: ("malformed", [], mode) for mode in MODES} | {"gas": ("malformed", [], "idle")},
    ),
    "off for the running job": (
        lambda c: c.off("j-run", UP + 1),
        {
            "idle": ("", off("")[1:2], "idle"),
            "working": ("", [*off("cloud"), ("say", "off"), ("changed",)], "idle"),
            "fault": ("", off("")[1:2], "fault"),
            "locked": ("", off("")[1:2], "locked"),
            "service": ("", off("")[1:2], "service"),
            "gas": ("", off("")[1:2], "idle"),
        },
    ),
    "off for another job": (
        lambda c: c.off("j-new", UP + 1),
        {mode: ("", [("ended", ["j-end", "j-new"])], mode) for mode in MODES}
        | {"gas": ("", [("ended", ["j-end", "j-new"])], "idle")},
    ),
    "off for an ended job": (
        lambda c: c.off("j-end", UP + 1),
        {mode: ("", [], mode) for mode in MODES} | {"gas": ("", [], "idle")},
    ),
    "off without a job": (
        lambda c: c.off("", UP + 1),
        {mode: ("malformed", [], mode) for mode in MODES} | {"gas": ("malformed", [], "idle")},
    ),
    "lock": (
        lambda c: c.lock(UP + 1),
        {mode: ("", [("relay", 0), *LOCKED_NOW], "locked") for mode in MODES}
        | {"working": ("", [*off("lock"), *LOCKED_NOW], "locked"), "locked": ("", [], "locked")},
    ),
    "unlock": (
        lambda c: c.unlock(UP + 1),
        {mode: ("", [], mode) for mode in MODES}
        | {
            "gas": ("", [("sensed", 0)], "idle"),
            "locked": (
                "",
                [
                    ("locked", 0),
                    ("say", "unlocked"),
                    ("changed",),
                    ("note", "lock", {"on": 0}),
                ],
                "idle",
            ),
        },
    ),
    "a test by a technician": (
        lambda c: c.test(TEST_MAX_S, UP + 1),
        {
            "idle": ("", [("relay", 1), ("say", "test"), ("changed",)], "service"),
            "working": ("unsupported", [], "working"),
            "fault": ("relay-stuck", [], "fault"),
            "locked": ("locked", [], "locked"),
            "service": ("", [("relay", 1), ("say", "test"), ("changed",)], "service"),
            "gas": ("gas", [], "idle"),
        },
    ),
    "a service ticket": (
        lambda c: c.service(UP + 1),
        {
            "idle": ("", [("changed",)], "service"),
            "working": ("unsupported", [], "working"),
            "fault": ("relay-stuck", [], "fault"),
            "locked": ("locked", [], "locked"),
            "service": ("", [("changed",)], "idle"),
            "gas": ("", [("sensed", 0), ("changed",)], "service"),
        },
    ),
}

STUCK = [("say", "fault"), ("changed",), ("alarm", "RELAY_STUCK", DANGER, 1)]
FREE = [("changed",), ("alarm", "RELAY_STUCK", DANGER, 0)]
END = UP + LEASE_S * 1000
NOTHING = {mode: ([], "idle" if mode == "gas" else mode) for mode in MODES}
WARN = ("alarm", "GAS_WARN", WARNING, 1)
NO_GAS = ("alarm", "GAS_WARN", WARNING, 0)
SENSED = ("sensed", 1)
TRIP = ("alarm", "GAS_TRIP", DANGER, 1)
WORLD: dict[str, tuple[Any, dict[str, tuple[list, str]]]] = {
    "a press on the button": (
        lambda c: c.press(UP + 1),
        NOTHING | {"working": ([*off("button"), ("say", "off"), ("changed",)], "idle")},
    ),
    "a tick before the lease is over": (lambda c: c.tick(END - 1, False), NOTHING),
    "a tick at the end of the lease": (
        lambda c: c.tick(END, False),
        NOTHING | {"working": ([*off("lease"), ("say", "lease-over"), ("changed",)], "idle")},
    ),
    "a contact that is still on its way": (
        lambda c: c.contact(0, UP + MOVE_MS - 1),
        NOTHING | {"fault": (FREE, "idle")},
    ),
    "an open contact": (
        lambda c: looked(c, 0, UP + MOVE_MS),
        NOTHING | {"working": ([*off("fault"), *STUCK], "fault"), "fault": (FREE, "idle")},
    ),
    "a closed contact": (
        lambda c: looked(c, 1, UP + MOVE_MS),
        {mode: ([("relay", 0), *STUCK], "fault") for mode in MODES}
        | {
            "working": ([], "working"),
            "fault": ([], "fault"),
            "locked": ([("relay", 0), *STUCK], "locked"),
        },
    ),
    "the mains gone": (
        lambda c: c.pause(UP + 1, "mains"),
        NOTHING
        | {
            "working": (
                [("relay", 0), ("say", "paused-mains"), ("changed",), _note("mains")],
                "idle",
            )
        },
    ),
    "much gas": (
        lambda c: c.gas_level(60, UP + 1),
        {mode: ([("say", "gas-trip"), TRIP, WARN, SENSED], mode) for mode in MODES}
        | {
            "working": (
                [*off("gas"), ("say", "gas-trip"), ("changed",), TRIP, WARN, SENSED],
                "idle",
            ),
            "gas": ([WARN], "idle"),
        },
    ),
    "some gas": (
        lambda c: c.gas_level(30, UP + 1),
        {mode: ([("say", "gas-warn"), WARN, SENSED], mode) for mode in MODES}
        | {"gas": ([WARN], "idle")},
    ),
    "no gas sensor, or one torn off": (
        lambda c: c.gas_level(None, UP + 1),
        {mode: ([NO_GAS], mode) for mode in MODES} | {"gas": ([WARN], "idle")},
    ),
    "an open lid": (
        lambda c: c.lid(1, UP + 1),
        {
            mode: (
                [("tampered", 1), ("say", "tamper"), ("alarm", "TAMPER", DANGER, 1)],
                "idle" if mode == "gas" else mode,
            )
            for mode in MODES
        },
    ),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_in_each_mode_does_what_the_table_says(name: str, mode: str) -> None:
    do, table = COMMANDS[name]
    controller = at(mode)
    refusal, effects = do(controller)
    assert (refusal, effects, controller.mode) == table[mode]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", WORLD)
def test_each_event_in_each_mode_does_what_the_table_says(name: str, mode: str) -> None:
    do, table = WORLD[name]
    controller = at(mode)
    effects = do(controller)
    assert (effects, controller.mode) == table[mode]


@pytest.mark.parametrize("mode", MODES)
def test_whatever_opens_the_relay_opens_it_before_anything_else(mode: str) -> None:
    for do, _ in [*COMMANDS.values(), *WORLD.values()]:
        told = do(at(mode))
        effects = told[1] if isinstance(told, tuple) else told
        if ("relay", 0) in effects:
            assert effects[0] == ("relay", 0)


def test_every_prompt_that_the_controller_asks_for_is_in_the_catalogue() -> None:
    for mode in MODES:
        for do, _ in [*COMMANDS.values(), *WORLD.values()]:
            told = do(at(mode))
            for effect in told[1] if isinstance(told, tuple) else told:
                assert effect[0] != "say" or effect[1] in PROMPTS


@pytest.mark.parametrize("job", BAD_JOBS, ids=repr)
def test_a_job_that_is_no_id_is_malformed(job: Any) -> None:
    for mode in MODES:
        controller = at(mode)
        assert controller.on(job, 60, UP) == ("malformed", [])
        assert controller.off(job, UP) == ("malformed", [])
        assert controller.mode == at(mode).mode


@pytest.mark.parametrize("lease_s", BAD_LEASES, ids=repr)
def test_a_lease_that_is_no_positive_whole_number_is_malformed(lease_s: Any) -> None:
    for mode in MODES:
        controller = at(mode)
        before = controller.lease_end
        assert controller.on("j-run", lease_s, UP + 5) == ("malformed", [])
        assert (controller.mode, controller.lease_end) == (at(mode).mode, before)


@pytest.mark.parametrize("lease_s", [43_200, 43_201, 10**12, (1 << 53) - 1])
def test_no_lease_is_longer_than_the_policy_allows(lease_s: int) -> None:
    controller = Controller(lease_max_s=43_200)
    controller.on("j1", lease_s, UP)
    assert controller.tick(UP + 43_200_000 - 1, True) == []
    assert ("relay", 0) in controller.tick(UP + 43_200_000, True)


def test_a_job_that_takes_over_from_another_has_its_own_lease() -> None:
    """The end of the first job once took the second one's lease with it: the next tick opened."""
    controller = at("working")
    controller.on("j-new", LEASE_S, UP + 5)
    assert controller.lease_end == UP + 5 + LEASE_S * 1000
    assert ("relay", 0) not in controller.tick(UP + 6, False)
    assert (controller.mode, controller.job) == ("working", "j-new")


def test_on_for_the_running_job_sets_its_lease_also_to_a_shorter_one() -> None:
    controller = at("working")
    assert controller.on("j-run", 10, UP + 1000) == ("", [])
    assert controller.tick(UP + 10_999, False) == []
    assert ("relay", 0) in controller.tick(UP + 11_000, False)


def test_an_ended_job_stays_ended_through_the_next_fifteen() -> None:
    controller = Controller()
    for number in range(ENDED_KEPT):
        assert controller.on(f"j{number}", 60, UP)[0] == ""
        assert controller.off(f"j{number}", UP)[0] == ""
    for number in range(ENDED_KEPT):
        assert controller.on(f"j{number}", 60, UP) == ("ended", [])
    controller.off("one more", UP)
    assert len(controller.ended) == ENDED_KEPT
    assert controller.on("j1", 60, UP) == ("ended", [])


def test_a_contactor_that_does_not_pull_in_is_a_fault_until_its_contact_agrees_again() -> None:
    controller = at("working")
    assert controller.contact(0, UP + MOVE_MS - 1) == []
    assert looked(controller, 0, UP + MOVE_MS)[0] == ("relay", 0)
    assert controller.on("j-new", 60, UP + MOVE_MS) == ("relay-stuck", [])
    assert controller.contact(0, UP + MOVE_MS + 1) == FREE
    assert controller.on("j-run", 60, UP + 1000) == ("ended", [])
    assert controller.on("j-new", 60, UP + 1000)[0] == ""


def test_a_noisy_look_or_two_beside_an_arc_end_no_job() -> None:
    controller = at("working")
    for _ in range(50):
        for closed in [0] * (LOOKS - 1) + [1]:
            assert controller.contact(closed, UP + MOVE_MS) == []
    assert (controller.mode, controller.job) == ("working", "j-run")


def test_a_contact_that_did_not_follow_its_coil_is_a_fault_at_once() -> None:
    controller = at("working")
    effects = controller.did_not_move(UP)
    assert effects[0] == ("relay", 0) and ("say", "fault") in effects
    assert controller.mode == "fault"
    assert controller.did_not_move(UP) == []


def test_a_welded_contact_is_told_once_however_long_it_lasts() -> None:
    controller = at("working")
    controller.off("j-run", UP)
    told = [controller.contact(1, UP + ms) for ms in range(0, 60_000, 330)]
    assert sum(bool(effects) for effects in told) == 1


@pytest.mark.parametrize("first", ["lock", "weld"])
def test_a_welded_contact_on_a_locked_machine_is_told_once(first: str) -> None:
    controller = at("working")
    if first == "weld":
        controller.press(UP)
        assert looked(controller, 1, UP + MOVE_MS)
        controller.lock(UP + MOVE_MS)
        wanted = 0
    else:
        controller.lock(UP)
        wanted = 1
    told = [controller.contact(1, UP + ms) for ms in range(1000, 60_000, 330)]
    assert sum(bool(effects) for effects in told) == wanted
    assert controller.mode == "locked"


def test_unlocking_a_machine_whose_contact_is_welded_gives_a_fault_and_no_way_on() -> None:
    controller = at("locked")
    looked(controller, 1, UP + MOVE_MS)
    assert controller.unlock(UP + 1000)[0] == ""
    assert controller.mode == "fault"
    assert controller.on("j-new", 60, UP + 1000) == ("relay-stuck", [])
    assert controller.contact(0, UP + 2000) == FREE
    assert controller.on("j-new", 60, UP + 3000)[0] == ""


class Search(RuleBasedStateMachine):
    """Any order of commands, presses, time, welded and dead contacts, power cuts.

    The coil may be energised only under a lease that the search itself has granted and that is
    not over, for a job that has not ended, on a machine that is neither locked nor faulty.
    """

    JOBS = st.sampled_from([f"j{number}" for number in range(ENDED_KEPT - 4)])

    @initialize()
    def power_up(self) -> None:
        self.up = 0
        self.flash: dict[str, Any] = {"ended": [], "locked": 0}
        self.ended: set[str] = set()
        self.locked = False
        self.lease_end = -1
        self.running = ""
        self.weld: int | None = None
        self.restart()

    @rule()
    def restart(self) -> None:
        self.controller = Controller(
            lease_max_s=100, ended=self.flash["ended"], locked=bool(self.flash["locked"])
        )
        self.coil = 0
        self.running = ""
        self.moved_at = self.up

    @rule(job=JOBS | st.sampled_from(["", None]), lease_s=st.integers(-1, 200))
    def on(self, job: Any, lease_s: int) -> None:
        refusal, effects = self.controller.on(job, lease_s, self.up)
        if not refusal:
            assert job and lease_s > 0 and job not in self.ended and not self.locked
            if self.running and self.running != job:
                self.ended.add(self.running)
            self.running = job
            self.lease_end = self.up + min(lease_s, 100) * 1000
        self.apply(effects)
        assert self.coil if not refusal else effects == []

    @rule(job=JOBS)
    def off(self, job: str) -> None:
        refusal, effects = self.controller.off(job, self.up)
        assert refusal == ""
        self.ended.add(job)
        self.apply(effects)
        assert self.running != job or not self.coil

    @precondition(lambda self: self.running)
    @rule()
    def off_for_the_running_job(self) -> None:
        self.off(self.running)
        assert not self.coil

    @rule()
    def lock(self) -> None:
        _, effects = self.controller.lock(self.up)
        self.locked = True
        self.apply(effects)
        assert not self.coil

    @rule()
    def unlock(self) -> None:
        _, effects = self.controller.unlock(self.up)
        self.locked = False
        self.apply(effects)

    @rule()
    def press(self) -> None:
        self.apply(self.controller.press(self.up))
        assert not self.coil

    @rule(weld=st.sampled_from([None, None, 0, 1]))
    def contact_changes(self, weld: int | None) -> None:
        self.weld = weld

    @rule(ms=st.sampled_from([1, 50, MOVE_MS - 1, MOVE_MS, 1000, 30_000, 100_000]))
    def time_passes(self, ms: int) -> None:
        self.up += ms
        self.apply(self.controller.tick(self.up, False))
        self.sense()

    @rule()
    def sense(self) -> None:
        closed = self.coil if self.weld is None else self.weld
        coil = self.coil
        self.apply(looked(self.controller, closed, self.up))
        if closed != coil and self.up - self.moved_at >= MOVE_MS:
            assert not self.coil
            assert self.controller.mode in ("fault", "locked")

    @rule(percent=st.sampled_from([0, 30, 60]))
    def gas(self, percent: int) -> None:
        self.apply(self.controller.gas_level(percent, self.up))
        assert not (percent >= 50 and self.coil)

    @rule(why=st.sampled_from(["mains", "idle"]))
    def pause(self, why: str) -> None:
        """The job is not over: it may be switched on again."""
        running = self.running
        effects = self.controller.pause(self.up, why)
        self.running = ""
        self.apply(effects)
        assert not self.coil and running not in self.ended

    def apply(self, effects: list) -> None:
        for effect in effects:
            if effect[0] == "relay":
                self.coil, self.moved_at = effect[1], self.up
            elif effect[0] in self.flash:
                self.flash[effect[0]] = effect[1]
        if not self.coil and self.running:
            self.ended.add(self.running)
            self.running = ""

    @invariant()
    def the_coil_is_energised_only_under_a_living_lease(self) -> None:
        if self.coil:
            assert self.controller.mode == "working"
            assert self.running and self.running == self.controller.job
            assert self.running not in self.ended
            assert not self.locked
            assert self.up < self.lease_end
        else:
            assert self.controller.mode != "working"
            assert self.controller.job == ""

    @invariant()
    def what_ended_and_the_lock_are_in_flash(self) -> None:
        assert set(self.flash["ended"]) == self.ended
        assert bool(self.flash["locked"]) == self.locked == (self.controller.mode == "locked")


Search.TestCase.settings = settings(max_examples=120, stateful_step_count=40, deadline=None)
test_no_order_of_events_closes_the_relay_without_authority = Search.TestCase


def test_a_gas_sensor_torn_off_is_told_and_frees_nothing() -> None:
    controller = Controller()
    assert controller.gas_level(5, UP) == [NO_GAS, SENSED]
    assert controller.gas_level(None, UP) == [("say", "gas-warn"), WARN]
    controller.gas_level(99, UP)
    controller.gas_level(None, UP)
    assert controller.on("j1", 60, UP) == ("gas", [])


@pytest.mark.parametrize("looked_into", ["unlock", "service"])
def test_a_gas_sensor_torn_off_before_a_restart_is_told_until_somebody_has_looked(
    looked_into: str,
) -> None:
    controller = Controller(sensed=1)
    assert controller.gas_level(None, UP) == [("say", "gas-warn"), WARN]
    assert ("sensed", 0) in getattr(controller, looked_into)(UP)[1]
    assert controller.gas_level(None, UP) == [NO_GAS]


def test_an_opened_lid_bars_the_release_until_the_office_has_looked() -> None:
    controller = Controller(tampered=True)
    assert controller.long_press(UP) == [("say", "emergency-barred")]
    assert ("tampered", 0) in controller.unlock(UP)[1]
    assert controller.long_press(UP)[0] == ("ask",)


def test_contact_takes_away_the_word_that_a_release_was_running() -> None:
    policy = Policy()
    controller = Real(policy, Emergency(policy, released=True))
    assert controller.heard(UP) == [("released", 0)]
    assert controller.heard(UP + 1) == []


def test_a_lease_says_ten_minutes_and_one_minute_before_its_end() -> None:
    controller = Controller()
    controller.on("j1", 1200, UP)
    said = []
    for second in range(1200):
        up = UP + second * 1000
        said += [(second, e[1]) for e in controller.tick(up, True) if e[0] == "say"]
    assert said == [(600, "lease-10"), (1140, "lease-1")]


def test_half_an_hour_without_an_arc_pauses_and_the_same_job_may_go_on() -> None:
    controller = Controller()
    controller.on("j1", 36_000, UP)
    controller.tick(UP + 600_000, True)
    assert controller.next_up() == UP + 600_000 + 1_800_000
    assert controller.tick(UP + 600_000 + 1_799_999, False) == []
    effects = controller.tick(UP + 600_000 + 1_800_000, False)
    assert effects[0] == ("relay", 0) and ("say", "paused-idle") in effects
    assert not controller.ended
    assert controller.on("j1", 60, UP + 3_000_000)[0] == ""


def test_a_test_with_an_id_is_ended_under_it_and_never_begun_again() -> None:
    controller = at("idle")
    assert controller.test(60, UP, "t-1")[0] == ""
    assert (controller.mode, controller.job) == ("service", "t-1")
    word, effects = controller.off("t-1", UP + 1_000, "ticket")
    assert (word, effects[0], controller.mode) == ("", ("relay", 0), "idle")
    assert ("note", "off", {"job": "t-1", "why": "ticket"}) in effects
    assert controller.test(60, UP + 2_000, "t-1") == ("ended", [])
    assert controller.test(60, UP + 2_000, "no id")[0] == "malformed"


def test_a_test_with_an_id_ends_by_itself_like_any_other() -> None:
    controller = at("idle")
    controller.test(60, UP, "t-1")
    effects = controller.tick(UP + 60_000, False)
    assert ("relay", 0) in effects and (controller.mode, controller.job) == ("idle", "")
