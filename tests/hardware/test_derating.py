"""No kind of part is without its rule, none is not judged, each that is too weak is refused."""

from dataclasses import replace
from math import sqrt

import pytest

from cloud.work.testing import LEASE_S
from hardware import check, derating, simulations, stress
from hardware.circuit import Circuit, carrier, load
from hardware.derating import RULES, Figure, Stress
from hardware.parts import HERE, read

_TEXT = (HERE / "carrier.txt").read_text(encoding="utf-8")
_EVERY_RATING = [(kind, rating) for kind, rule in RULES.items() for rating in rule]


def stresses(seen: list[Figure | Stress]) -> list[Stress]:
    return [one for one in seen if isinstance(one, Stress)]


def spoilt(old: str, new: str) -> Circuit:
    assert _TEXT.count(old) == 1, old
    return load(_TEXT.replace(old, new), read())


def on_board(circuit: Circuit) -> list[Figure]:
    """Without ngspice: what the circuit alone says."""
    return derating.worst(circuit, stress.board(circuit, simulations.LOW_BUS_V))


def test_each_kind_of_part_has_its_rule_and_no_rule_is_for_nothing() -> None:
    assert {part.kind for part in read().values()} == set(RULES)


def test_every_part_of_the_board_is_judged_and_stands_what_it_sees(
    seen: list[Figure | Stress],
) -> None:
    figures, forgotten = check.judged(carrier(), seen)
    assert forgotten == []
    assert [figure for figure in figures if figure.margin < 1] == []


@pytest.mark.parametrize(("kind", "rating"), _EVERY_RATING)
def test_a_part_too_weak_for_what_it_sees_is_refused(
    kind: str, rating: str, seen: list[Figure | Stress]
) -> None:
    known, circuit = read(), carrier()
    of_kind = [
        one
        for one in stresses(seen)
        if one.rating == rating and circuit.placed[one.ref].part.kind == kind
    ]
    worst = min(of_kind, key=lambda one: _figure(circuit, one).margin)
    part, margin = circuit.placed[worst.ref].part, _figure(circuit, worst).margin
    assert margin < derating.ENOUGH  # a stress that is nothing would judge nothing
    changed = getattr(part, rating) / margin * 0.99
    if rating == "pickup_v":  # a weaker coil asks for more
        changed = getattr(part, rating) * margin * 1.01
    known[part.name] = replace(part, **{rating: changed})
    weak = load(_TEXT, known)
    failed = {figure.what for figure in derating.worst(weak, stresses(seen)) if figure.margin < 1}
    assert f"{worst.where}: {worst.ref} {part.name} {rating}" in failed


def _figure(circuit: Circuit, one: Stress) -> Figure:
    return derating.figure(circuit.placed[one.ref].part, one)


def test_a_kind_without_a_rule_a_rating_not_told_and_a_stress_unknown_are_named(
    monkeypatch: pytest.MonkeyPatch, seen: list[Figure | Stress]
) -> None:
    known = read()
    known["fet"] = replace(known["fet"], amps=0)
    circuit = load(_TEXT, known)
    told = [one for one in stresses(seen) if (one.ref, one.rating) != ("U1", "amps")]
    monkeypatch.delitem(RULES, "clamp")
    assert derating.forgotten(circuit, told) == [
        "U1 switcher: nobody worked out its amps",
        "DZ1 clamp-150: no rule for clamp",
        "Q4 fet: no amps told",
    ]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("RV1 varistor-550    LF N", "RV1 tvs-5v LF N", "RV1 tvs-5v volts"),
        ("C1  bulk-33u        HV MID", "C1 bulk-33u HV HVN", "C1 bulk-33u volts"),
        ("R65 res-9k76        V33 ARC_REF", "R65 res-100 V33 ARC_REF", "R65 res-100 watts"),
        ("LD1 lamp-led        LAMP_A", "LD1 lamp-led V33", "LD1 lamp-led amps"),
        ("CONTACT_M CONTACT_B 387", "CONTACT_M CONTACT_B 645", "K1 relay-power volts"),
        ("U9  VMOD      0.30 2.00", "U9 VMOD 0.30 3.00", "U6 buck-boost amps"),
        ("J5  CONTACT_A 0.23 2.30", "J5 CONTACT_A 0.23 5.00", "K1 relay-power amps"),
    ],
)
def test_a_mistake_in_the_circuit_shows_as_a_part_that_sees_too_much(
    old: str, new: str, fault: str
) -> None:
    failed = [figure.what for figure in on_board(spoilt(old, new)) if figure.margin < 1]
    assert f"board: {fault}" in failed


def test_each_part_that_sees_the_mains_is_judged_at_each_voltage(
    seen: list[Figure | Stress],
) -> None:
    circuit = carrier()
    # Beside the mains, but at no more than the switcher's own supply, which it clamps at 24 V.
    low = {"C3", "C8", "U2", "DZ1"}
    live = {
        ref
        for ref, placed in circuit.placed.items()
        if {circuit.nets[net].side for net in placed.nets if net != "-"} & {"mains", "contact"}
    }
    for volts in ("154", "220", "380", "456"):
        judged = {one.ref for one in stresses(seen) if one.where == f"mains {volts} V"}
        assert live - low == judged & live, volts


def test_the_volts_that_the_schematic_tells_are_no_less_than_what_is_simulated(
    seen: list[Figure | Stress],
) -> None:
    volts = [one for one in stresses(seen) if one.rating == "volts"]
    told = {one.ref: one.value for one in volts if one.where == "board"}
    for one in volts:
        if one.ref in ("RV2", "RV3"):  # judged with the other pole closed: more than in order
            continue
        assert one.where == "board" or one.value <= told.get(one.ref, one.value) * 1.03, one


def test_the_manual_states_what_the_contact_is_made_for_and_the_rules_enforce() -> None:
    circuit, manual = carrier(), (HERE / "manual.zh-CN.md").read_text("utf-8")
    limit = circuit.difference("CONTACT_A", "CONTACT_B")
    assert f"J5 触点两端不得高于交流 {limit / sqrt(2):.0f} V" in manual
    assert f"不超过 {circuit.loads['J5', 'CONTACT_A'][1]:g} A" in manual


def test_the_manual_tells_how_long_the_function_test_closes_the_relay() -> None:
    assert LEASE_S == 60
    assert "最多一分钟：请旁人离开" in (HERE / "manual.zh-CN.md").read_text("utf-8")
