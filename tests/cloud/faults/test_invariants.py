"""The judge of a trial: a good history is good, and each bad one is found by its invariant."""

from copy import deepcopy
from typing import Any

import pytest

from cloud.faults.invariants import INVARIANTS, LASTING, Limits, Trial, judge

T = 1_800_000_000_000
JOB, DEVICE, PAGE = "job1", "HM-1", "/m/CODE1"


def good() -> Trial:
    """One job from the scan to the end, an alarm, a release, and a long silence told in time."""
    place = {"device": DEVICE}
    moved = {**place, "what": "relay", "log": "L"}
    notes = [
        {"t": T + 500, "what": "spoken", **place, "words": "焊工验证码，一、二、三、四。"},
        _answered(900, "check", code="1234", job=JOB),
        {"t": T + 3_000, "what": "obeyed", **place, "id": "c1", "name": "switch", "code": "1",
         "up": 60_000, "x": 62_000, "iat": T + 2_900, "job": JOB},
        {**moved, "t": T + 3_000, "relay": 1, "job": JOB, "cause": "c1", "seq": 1},
        _answered(3_100, "on", job=JOB),
        {**moved, "t": T + 9_000, "relay": 0, "job": JOB, "cause": "c2", "seq": 2},
        {"t": T + 9_500, "what": "entry", **place, "kind": "alarm", "alarm": "TAMPER", "seq": 3},
        {**moved, "t": T + 10_000, "relay": 1, "job": "", "cause": "release", "seq": 4},
        {"t": T + 10_000, "what": "entry", **place, "kind": "emergency_on", "seq": 4},
        {"t": T + 11_000, "what": "stored", **place, "log": "L", "to": 4},
        {"t": T + 11_000, "what": "kept", "table": "permits", "key": "permit1"},
        *({"t": T + 1_000 * n, "what": what, **place}
          for n in (*range(12), 45) for what in ("saying", "said")),
        {"t": T + 1_000, "what": "listed", "who": "far", "path": "/machines.json", "status": 200,
         "codes": ["CODE2"]},
        {"t": T + 50_000, "what": "end", **place, "relay": 0, "job": ""},
    ]  # fmt: skip
    steps = (
        ("job-permitted", 100, "permitted"),
        ("job-checked", 800, "checked"),
        ("job-watched", 1_500, "watched"),
        ("on-asked", 2_900, "watched"),
        ("job-on", 3_200, "on"),
        ("job-ended", 8_500, "ended"),
    )
    audit = [
        {"district": "99", "seq": n, "at": T + at, "actor": "w", "what": what, "subject": JOB,
         "details": {"state": state}}
        for n, (what, at, state) in enumerate(steps, 1)
    ]  # fmt: skip
    seen = {"device": DEVICE, "seq": 4}
    audit.append(
        {"district": "99", "seq": 7, "at": T + 10_500, "actor": "system", "subject": "m1",
         "what": "emergency-on", "details": seen}
    )  # fmt: skip
    kinds = ("on", "off", "alarm", "emergency_on")
    book: dict[str, list[dict[str, Any]]] = {
        "jobs": [{"id": JOB, "machine_id": "m1", "device": DEVICE, "welder_id": "w",
                  "fire_watch_id": "f", "state": "ended", "off_alarm_at": None,
                  "off_confirmed_at": T + 9_100}],
        "audit": audit,
        "entries": [{"device": DEVICE, "log": "L", "seq": n, "kind": kind}
                    for n, kind in enumerate(kinds, 1)],
        "alarms": [{"kind": "TAMPER", "subject": DEVICE, "job_id": None, "seqs": {"seqs": [3]},
                    "closed_at": None}],
        "events": [{"at": T + 25_000, "kind": "terminal-offline", "subject": DEVICE,
                    "details": {"reason": "silent"}}],
        "machines": [{"id": "m1", "code": "CODE1", "device": DEVICE, "district": "990101001"}],
        "people": [{"id": "w", "phone_blind": "1"}, {"id": "f", "phone_blind": "2"}],
        "certificates": [{"person_id": "w", "valid_from": "2020-01-01",
                          "valid_to": "2030-01-01"}],
        "commands": [],
        "permits": [{"id": "permit1"}],
        **{name: [] for name in ("imports", "dates", "reported", "pictures")},
        "findings": [],
    }  # fmt: skip
    limits = Limits(5_000, silence=12_500, off_confirm=6_000, presence=60_000, slack=6_000)
    figures = {"990101001": {"machines": 1, "working": 0, "attention": 0}}
    looks = {"far": "990101002"}
    machines = {"CODE1": "990101001", "CODE2": "990101002"}
    return Trial(notes, book, limits, figures, looks, machines, "2027-01-15")


def _answered(at: int, what: str, **more: Any) -> dict[str, Any]:
    told = {"who": "p1", "method": "POST", "path": f"{PAGE}/{what}", "status": 200}
    return {"t": T + at, "what": "answered", **told, **more}


def test_a_good_history_is_good() -> None:
    assert {name: found for name, found in judge(good()).items() if found} == {}


def _note(trial: Trial, what: str, **where: Any) -> dict[str, Any]:
    return next(
        one
        for one in trial.of(what)
        if all(one.get(name) == value for name, value in where.items())
    )


def _audit(trial: Trial, what: str) -> dict[str, Any]:
    return next(trial.audit(what))


def _without(trial: Trial, table: str, **where: Any) -> None:
    trial.book[table] = [
        row
        for row in trial.book[table]
        if any(row.get(name) != value for name, value in where.items())
    ]


def _second_job(trial: Trial) -> None:
    trial.book["jobs"].append(trial.book["jobs"][0] | {"id": "job2"})
    trial.book["audit"].append(
        _audit(trial, "job-permitted") | {"seq": 4.5, "subject": "job2", "at": T + 3_000}
    )


def _again(trial: Trial, what: str, **more: Any) -> None:
    trial.notes.append(deepcopy(next(trial.of(what))) | more)


BAD = {
    "a relay without any job": ("I1", lambda t: _note(t, "relay", seq=1).update(job="none")),
    "a relay without a watch": ("I1", lambda t: _without(t, "audit", what="job-watched")),
    "a watch after the relay": (
        "I1",
        lambda t: _audit(t, "job-watched").update(at=T + 7_000),
    ),
    "one person as both": ("I1", lambda t: t.book["jobs"][0].update(fire_watch_id="w")),
    "two accounts of one phone": ("I1", lambda t: t.book["people"][1].update(phone_blind="1")),
    "an expired certificate": (
        "I1",
        lambda t: t.book["certificates"][0].update(valid_to="2027-01-14"),
    ),
    "a code that was not spoken": (
        "I1",
        lambda t: _note(t, "answered").update(code="9999"),
    ),
    "two open jobs": ("I2", _second_job),
    "a command obeyed twice": ("I3", lambda t: _again(t, "obeyed")),
    "an ON past its end": ("I4", lambda t: _note(t, "obeyed").update(up=62_001)),
    "an ON long after it was made": (
        "I4",
        lambda t: _note(t, "obeyed").update(iat=T - 15_000),
    ),
    "a move that is not in the book": ("I5", lambda t: _without(t, "entries", seq=2)),
    "an entry kept twice": (
        "I5",
        lambda t: t.book["entries"].append(t.book["entries"][0]),
    ),
    "on in the book alone": ("I5", lambda t: _audit(t, "job-on").update(at=T)),
    "a broken chain": (
        "I5",
        lambda t: t.book["findings"].append({"row": "99:3", "what": "changed"}),
    ),
    "a silence nobody told of": ("I6", lambda t: t.book["events"].clear()),
    "off line while it talks": (
        "I6",
        lambda t: t.book["events"].append(t.book["events"][0] | {"at": T + 11_000}),
    ),
    "a stored entry that is gone": ("I7", lambda t: _without(t, "entries", seq=3)),
    "a permit that was taken and is gone": ("I7", lambda t: t.book["permits"].clear()),
    "a 200 that is gone": ("I7", lambda t: _without(t, "audit", what="on-asked")),
    "an alarm that is lost": ("I8", lambda t: t.book["alarms"].clear()),
    "an alarm open twice": (
        "I8",
        lambda t: t.book["alarms"].append(deepcopy(t.book["alarms"][0])),
    ),
    "a wrong figure": ("I9", lambda t: t.figures["990101001"].update(working=1)),
    "a list with a machine of elsewhere": (
        "I10",
        lambda t: _note(t, "listed").update(codes=["CODE1"]),
    ),
    "a page of a machine of elsewhere": (
        "I10",
        lambda t: _again(t, "answered", who="far", path=f"{PAGE}/state", method="GET", code=""),
    ),
    "an OFF that never comes": (
        "I11",
        lambda t: t.notes.remove(_note(t, "relay", seq=2)),
    ),
    "a relay closed at the end": (
        "I11",
        lambda t: _note(t, "end").update(relay=1, job=JOB),
    ),
    "a release that is not in the trail": (
        "I12",
        lambda t: _without(t, "audit", what="emergency-on"),
    ),
}


@pytest.mark.parametrize("name", list(BAD))
def test_a_bad_history_is_found(name: str) -> None:
    invariant, spoil = BAD[name]
    trial = good()
    spoil(trial)
    assert judge(trial)[invariant]


def test_every_invariant_has_a_bad_history() -> None:
    assert {invariant for invariant, _spoil in BAD.values()} == set(INVARIANTS)


def test_what_is_judged_on_the_way_is_not_broken_by_what_has_not_come_yet() -> None:
    """The book is read after the history; of a trial that goes on, both end somewhere."""
    whole = good()
    for end in range(len(whole.notes) + 1):
        trial = good()
        trial.notes = trial.notes[:end]
        trial.figures = {}
        assert judge(trial, LASTING) == {name: [] for name in LASTING}


def test_a_fault_excuses_what_waited_for_it_and_no_more() -> None:
    trial = good()
    trial.book["events"].clear()
    trial.notes.append(
        {"t": T + 12_000, "what": "fault", "kind": "kill-cloud", "until": T + 40_000}
    )
    assert judge(trial)["I6"] == []
    trial.notes[-1]["until"] = T + 13_000
    assert judge(trial)["I6"]


@pytest.mark.parametrize("hour_ms", [3_600_000, -3_600_000])
def test_the_clouds_time_is_reckoned_back_to_the_machines(hour_ms: int) -> None:
    trial = good()
    for at, error_ms in ((20_000, hour_ms), (24_000, 0)):
        trial.notes.append({"t": T + at, "what": "clock", "error_ms": error_ms})
    assert trial.real(T + 19_000) == T + 19_000
    assert trial.real(T + 22_000 + hour_ms) == T + 22_000
    assert trial.real(T + 30_000) == T + 30_000
