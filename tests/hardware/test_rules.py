"""Each electrical rule finds its fault in the carrier as it would be with one mistake."""

import pytest

from hardware import rules
from hardware.circuit import Circuit, load
from hardware.parts import HERE, read

_TEXT = (HERE / "carrier.txt").read_text(encoding="utf-8")


def spoilt(old: str, new: str) -> Circuit:
    assert _TEXT.count(old) == 1, old
    return load(_TEXT.replace(old, new), read())


def test_the_carrier_breaks_no_rule() -> None:
    assert rules.faults(load(_TEXT, read())) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("R30 res-10k         V33 EN\n", "", "net EN: inputs and nothing that drives them"),
        ("CY1 y-cap-1n        HVN GND", "CY1 cap-1n HVN GND", "CY1 cap-1n: joins two sides"),
        ("U2  opto            FB_A FB_K COMP_SW HVN", "U2 opto FB_A FB_K COMP_SW GND", "U2 opto"),
        ("DA6 tvs-5v          TAMPER_X GND\n", "", "net TAMPER_X: leaves the case without"),
        ("U7  ldo-3v3         VMOD V33 GND VMOD", "U7 ldo-3v3 SW1 V33 GND VMOD", "net SW1"),
        ("U5  ldo-adj         V5 CHG", "U5 ldo-adj V5 V33", "net V33: two outputs"),
        ("R13 res-150k        OPT1 OPT2\n", "", "net OPT1: one pin only"),
        ("R41 res-10k         VMOD PWRKEY_N\n", "", "net PWRKEY_N: an open collector"),
        ("J7  plug-4          READBACK_X V33_X", "J7 plug-4 READBACK_X V33", "net V33: at J7"),
        ("J2 within the closed case, for the bench\n", "", "net PROG_TX: at J2"),
    ],
)  # fmt: skip
def test_a_mistake_is_found(old: str, new: str, fault: str) -> None:
    found = rules.faults(spoilt(old, new))
    assert any(one.startswith(fault) for one in found), found


def test_an_isolating_part_that_stands_too_little_is_found() -> None:
    parts = read()
    parts["opto"] = parts["opto"].__class__(**{**vars(parts["opto"]), "isolation_v": 1500})
    found = rules.faults(load(_TEXT, parts))
    assert found == ["U2 opto: 1500 V isolation, needed 3000 V"]
