"""The emergency release: a table of cases, then a search for minutes that nobody paid for."""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from terminal.emergency import ASK_MS, Emergency
from terminal.policy import Policy

MIN = 60_000
QUIET = 900_000  # no_contact_s by default
LONG = 10 * QUIET  # up, long after the last contact


def policy(**fields: int) -> Policy:
    made = Policy()
    assert made.take(fields, None) == ""
    return made


def words(effects: list[tuple]) -> list[str]:
    return [effect[1] if effect[0] in ("say", "end") else effect[0] for effect in effects]


def asked(up: int = LONG, barred: str = "", **fields: int) -> tuple[Emergency, list[tuple]]:
    emergency = Emergency(policy(**fields))
    return emergency, emergency.press(up, barred)


def released(up: int = LONG, **fields: int) -> Emergency:
    emergency, _ = asked(up, **fields)
    effects = emergency.tick(up + ASK_MS, "", False)
    assert words(effects) == ["spent", "release", "emergency-on"]
    assert emergency.on
    return emergency


# when it is given: last contact, asked at, barred, answered, budget → what is said or done
CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "long without contact": ({}, ["spent", "release", "emergency-on"]),
    "contact a minute ago": ({"contact": LONG - MIN}, ["emergency-wait"]),
    "contact just too recent": ({"contact": LONG + ASK_MS - QUIET + 1}, ["emergency-wait"]),
    "contact just long enough ago": (
        {"contact": LONG + ASK_MS - QUIET},
        ["spent", "release", "emergency-on"],
    ),
    "the cloud answers": ({"answer": LONG + 1000}, ["emergency-reached"]),
    "switched on a minute ago": ({"up": MIN}, ["emergency-wait"]),
    "a release was running when the power went": (
        {"up": MIN, "kept": True},
        ["spent", "release", "emergency-on"],
    ),
    "barred while it asked": ({"barred": "gas"}, ["emergency-barred"]),
    "the last minute of the budget": ({"spent": 719}, ["spent", "release", "emergency-on"]),
}


@pytest.mark.parametrize("name", CASES)
def test_when_it_is_given_and_when_not(name: str) -> None:
    case, wanted = CASES[name]
    up = case.get("up", LONG)
    emergency = Emergency(policy(), case.get("spent", 0), case.get("kept", False))
    if "contact" in case:
        emergency.heard(case["contact"])
    assert words(emergency.press(up, "")) == ["ask", "emergency-asked"]
    if "answer" in case:
        emergency.heard(case["answer"])
    else:
        assert emergency.tick(up + ASK_MS - 1, "", False) == []
    effects = emergency.tick(up + ASK_MS, case.get("barred", ""), False)
    assert words(effects) == wanted
    assert emergency.on == (wanted[-1] == "emergency-on")


@pytest.mark.parametrize("why", ["locked", "tamper", "gas", "working", "fault", "service"])
def test_nothing_is_even_asked_where_it_is_barred(why: str) -> None:
    emergency, effects = asked(barred=why)
    assert words(effects) == ["emergency-barred"]
    assert emergency.tick(LONG + 2 * ASK_MS, "", False) == []


@pytest.mark.parametrize("fields", [{"budget_h": 0}, {"budget_h": 1}])
def test_there_is_none_without_a_budget(fields: dict[str, int]) -> None:
    emergency = Emergency(policy(**fields), spent_min=60)
    assert words(emergency.press(LONG, "")) == ["emergency-spent"]


# how it ends: minutes after its start, what happens → why
ENDS: dict[str, tuple[dict[str, Any], str | None]] = {
    "nothing happens": ({"at": 1}, None),
    "two hours are over": ({"at": 120}, "time"),
    "contact, no arc": ({"at": 5, "contact": True}, "contact"),
    "contact, the weld goes on": ({"at": 5, "contact": True, "burning": True}, None),
    "contact, the policy does not wait": (
        {"at": 5, "contact": True, "burning": True, "finish_weld": 0},
        "contact",
    ),
    "the weld goes on for ever": ({"at": 120, "contact": True, "burning": True}, "time"),
    "gas": ({"at": 5, "barred": "gas"}, "gas"),
    "the lid": ({"at": 5, "barred": "tamper", "burning": True}, "tamper"),
}


@pytest.mark.parametrize("name", ENDS)
def test_how_it_ends(name: str) -> None:
    case, why = ENDS[name]
    emergency = released(finish_weld=case.get("finish_weld", 1))
    began = LONG + ASK_MS
    for minute in range(1, case["at"]):
        effects = emergency.tick(began + minute * MIN, "", False)
        assert "end" not in [effect[0] for effect in effects]
    up = began + case["at"] * MIN
    if case.get("contact"):
        emergency.heard(up)
    effects = emergency.tick(up, case.get("barred", ""), case.get("burning", False))
    assert ([e[1] for e in effects if e[0] == "end"] or [None])[0] == why
    assert emergency.on == (why is None)


def test_it_ends_when_the_budget_is_used_up_and_each_minute_was_paid_for_before_it_began() -> None:
    emergency = released(budget_h=1)
    began, paid = LONG + ASK_MS, 1
    for minute in range(1, 61):
        effects = emergency.tick(began + minute * MIN, "", False)
        paid += sum(effect[0] == "spent" for effect in effects)
        if ("end", "budget") in effects:
            break
    assert (minute, paid, emergency.spent_min) == (60, 60, 60)


def test_it_is_said_again_every_half_hour() -> None:
    emergency = released()
    said = []
    for minute in range(1, 120):
        effects = emergency.tick(LONG + ASK_MS + minute * MIN, "", False)
        said += [minute for effect in effects if effect == ("say", "emergency-still")]
    assert said == [30, 60, 90]


def test_a_second_press_while_it_runs_changes_nothing() -> None:
    emergency = released()
    assert emergency.press(LONG + ASK_MS + 1, "") == []
    assert emergency.on


def test_a_refill_gives_the_whole_budget_back() -> None:
    emergency = Emergency(policy(), spent_min=720)
    assert emergency.left_min == 0
    emergency.refill()
    assert emergency.left_min == 720


def test_it_says_when_it_wants_to_be_asked_next() -> None:
    emergency, _ = asked()
    assert Emergency(policy()).next_up() is None
    assert emergency.next_up() == LONG + ASK_MS
    emergency.tick(LONG + ASK_MS, "", False)
    assert emergency.next_up() == LONG + ASK_MS + MIN


class Search(RuleBasedStateMachine):
    """Presses, contact, time and power cuts in any order, ticked as late as it asks to be."""

    @initialize(max_h=st.integers(1, 3), budget_h=st.integers(0, 3))
    def begin(self, max_h: int, budget_h: int) -> None:
        self.policy = policy(max_h=max_h, budget_h=budget_h)
        self.flash = {"spent": 0, "released": 0}
        self.worked_ms = 0
        self.start()

    def start(self) -> None:
        self.emergency = Emergency(self.policy, self.flash["spent"], bool(self.flash["released"]))
        self.up = 0
        self.closed = False
        self.contact_up: int | None = None if self.flash["released"] else 0

    @rule()
    def power_cut(self) -> None:
        self.start()

    @rule(barred=st.sampled_from(["", "", "", "gas"]))
    def press(self, barred: str) -> None:
        self.apply(self.emergency.press(self.up, barred))

    @rule()
    def contact(self) -> None:
        self.emergency.heard(self.up)
        self.contact_up = self.up
        self.tick("", False)
        assert not self.closed

    @rule(barred=st.sampled_from(["gas", "tamper", "locked"]))
    def barred(self, barred: str) -> None:
        self.tick(barred, True)
        assert not self.closed

    @rule(ms=st.sampled_from([1000, ASK_MS, 5 * MIN, QUIET, 60 * MIN]))
    def time_passes(self, ms: int) -> None:
        end = self.up + ms
        while self.up < end:
            due = self.emergency.next_up()
            step = end if due is None else min(max(due, self.up), end)
            self.worked_ms += step - self.up if self.closed else 0
            self.up = step
            self.tick("", False)
            if due is None:
                break

    def tick(self, barred: str, burning: bool) -> None:
        self.apply(self.emergency.tick(self.up, barred, burning))

    def apply(self, effects: list[tuple]) -> None:
        for effect in effects:
            if effect[0] == "spent":
                self.flash["spent"] = effect[1]
            elif effect[0] == "release":
                quiet = self.contact_up is None or self.up - self.contact_up >= QUIET
                assert quiet
                self.closed, self.flash["released"] = True, 1
            elif effect[0] == "end":
                self.closed, self.flash["released"] = False, 0

    @invariant()
    def every_minute_is_paid_for(self) -> None:
        if hasattr(self, "policy"):
            assert self.worked_ms <= self.flash["spent"] * MIN
            assert self.flash["spent"] <= self.policy.budget_h * 60
            assert self.closed == self.emergency.on


Search.TestCase.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
test_no_order_of_events_gives_a_minute_that_was_not_paid_for = Search.TestCase
