"""The made-up county is made once, found again, and never rots."""

import json
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from stdnum.cn import uscc

from cloud import demo
from cloud.base.ids import read_code
from cloud.base.settings import Settings
from cloud.base.unit import Ground
from cloud.link import terminals
from cloud.registry import accounts, certificates, enterprises, factors, machines, people
from cloud.registry.accounts import Refused, SignedIn
from cloud.work import jobs, permits, profiles
from simulator import authenticator


@pytest.fixture
def seeded(ground: Ground) -> dict[str, Any]:
    return demo.seed(ground)


@pytest.fixture
def other_ground(tmp_path: Path, settings: Settings, blank: Any) -> Iterator[Ground]:
    (tmp_path / "other").mkdir()
    blank(tmp_path / "other")
    ground = Ground.open(replace(settings, data_dir=tmp_path / "other", database=""))
    yield ground
    ground.close()


def paper(ground: Ground, login: str) -> Any:
    with ground.read() as unit:
        return certificates.for_person(unit, people.by_login(unit, login).id)[0]


def code_of(one: dict[str, Any], now: int) -> str:
    """What the authenticator of somebody of the county shows, if they have one."""
    return authenticator.code(one["factor"], now // 30_000) if one["factor"] else ""


def test_everybody_can_log_in_with_a_password_made_here(
    ground: Ground, seeded: dict[str, Any]
) -> None:
    for one in seeded["people"]:
        typed = code_of(one, ground.clock())
        given = accounts.sign_in(ground, one["login"], one["password"], "192.0.2.1", code=typed)
        assert isinstance(given, SignedIn)
        assert bool(one["factor"]) == (one["role"] in factors.COMPULSORY)
        assert given.person.name == one["name"]
        assert given.person.roles == {one["role"]}
    passwords = [one["password"] for one in seeded["people"]]
    assert len(set(passwords)) == len(passwords)


def test_passwords_and_secrets_differ_between_installations(
    seeded: dict[str, Any], other_ground: Ground
) -> None:
    again = demo.seed(other_ground)
    for kind, secret in (("people", "password"), ("terminals", "secret"), ("machines", "code")):
        assert {one[secret] for one in seeded[kind]}.isdisjoint(one[secret] for one in again[kind])


def test_the_cast_is_complete(seeded: dict[str, Any]) -> None:
    roles = [one["role"] for one in seeded["people"]]
    assert roles.count("welder") == 5
    assert roles.count("fire_watch") == 2
    assert {"enterprise", "technician", "officer", "office"} <= set(roles)
    devices = [f"HM-990101-000{number}" for number in (1, 2, 3)]
    assert [one["device"] for one in seeded["terminals"]] == devices
    assert [one["device"] for one in seeded["machines"]] == [*devices, ""]


@pytest.mark.parametrize(
    ("login", "days", "status", "category"),
    [
        ("welder1", 900, "normal", "熔化焊接与热切割作业"),
        ("welder2", -30, "normal", "熔化焊接与热切割作业"),
        ("welder3", 18, "normal", "熔化焊接与热切割作业"),
        ("welder4", 700, "suspended", "熔化焊接与热切割作业"),
        ("welder5", 700, "normal", "高处作业"),
    ],
)
def test_certificates_stay_as_good_or_bad_as_they_were_a_year_later(
    ground: Ground, county: Any, login: str, days: int, status: str, category: str
) -> None:
    for _ in range(2):
        demo.seed(ground)
        found = paper(ground, login)
        assert (found.valid_to, found.status, found.category) == (
            county.day(days),
            status,
            category,
        )
        county.clock.forward(365 * 86_400)


@pytest.mark.parametrize(
    ("login", "machine", "codes"),
    [
        ("welder1", 0, []),
        ("welder1", 1, []),
        ("welder1", 2, []),
        ("welder1", 3, ["terminal-missing"]),
        ("welder2", 0, ["certificate-expired"]),
        ("welder3", 0, []),
        ("welder3", 2, ["certificate-category", "contract-missing"]),
        ("welder4", 0, ["certificate-status"]),
        ("welder5", 0, ["certificate-missing"]),
        ("watch1", 0, ["not-welder", "certificate-missing"]),
    ],
)
def test_everybody_plays_the_part_that_the_note_says(
    ground: Ground, seeded: dict[str, Any], login: str, machine: int, codes: list[str]
) -> None:
    with ground.write() as unit:
        found = machines.by_code(unit, seeded["machines"][machine]["code"])
        person = people.by_login(unit, login)
        told = jobs.apply(unit, person, found, "演示车间", "演示焊接", "演示凭证")
    assert set(told.codes if isinstance(told, jobs.Refusals) else []) == set(codes)


def test_a_second_start_finds_the_county_as_it_was(ground: Ground, seeded: dict[str, Any]) -> None:
    assert demo.seed(ground) == seeded


def test_what_was_changed_in_between_stays_changed(ground: Ground, seeded: dict[str, Any]) -> None:
    with ground.write() as unit:
        people.set_status(unit, people.by_login(unit, "welder1"), "blocked")
        machines.set_status(unit, machines.by_device(unit, "HM-990101-0001"), "locked")
        terminals.revoke(unit, "HM-990101-0002")
    again = demo.seed(ground)
    with ground.read() as unit:
        assert people.by_login(unit, "welder1").status == "blocked"
        assert machines.by_device(unit, "HM-990101-0001").status == "locked"
    assert again["terminals"][1]["secret"] == ""


def test_the_log_ins_stand_in_a_file_that_only_its_owner_reads(
    ground: Ground, seeded: dict[str, Any]
) -> None:
    path = ground.settings.data_dir / "demo.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text(encoding="utf-8")) == seeded


def test_a_lost_file_gives_new_passwords_and_the_old_ones_end(
    ground: Ground, seeded: dict[str, Any]
) -> None:
    (ground.settings.data_dir / "demo.json").unlink()
    again = demo.seed(ground)
    before, after = seeded["people"][0], again["people"][0]
    refused = accounts.sign_in(ground, before["login"], before["password"], "192.0.2.1")
    assert refused == Refused("wrong")
    assert isinstance(
        accounts.sign_in(ground, after["login"], after["password"], "192.0.2.1"), SignedIn
    )
    assert again["terminals"] == seeded["terminals"]


def test_codes_and_credit_codes_are_genuine_in_form(
    ground: Ground, seeded: dict[str, Any]
) -> None:
    assert all(read_code(one["code"]) == one["code"] for one in seeded["machines"])
    with ground.read() as unit:
        firms = {
            enterprises.get(unit, machines.by_code(unit, one["code"]).enterprise_id)
            for one in seeded["machines"]
        }
        assert len(firms) == 3
        assert all(uscc.is_valid(firm.uscc) and "演示" in firm.name for firm in firms)


def test_each_terminal_is_the_one_on_its_machine(ground: Ground, seeded: dict[str, Any]) -> None:
    for one in seeded["terminals"]:
        with ground.read() as unit:
            assert machines.by_code(unit, one["code"]).device == one["device"]
            assert terminals.secret(unit, one["device"]) == bytes.fromhex(one["secret"])


@pytest.mark.parametrize("profile", profiles.names())
def test_permits_that_the_profile_asks_for_are_in_force_at_every_start(
    settings: Settings, clock: Any, blank: Any, profile: str
) -> None:
    blank(settings.data_dir)
    ground = Ground.open(replace(settings, profile=profile), clock)
    for _ in range(3):
        seeded = demo.seed(ground)
        with ground.read() as unit:
            found = [
                permits.covering(unit, machines.by_code(unit, one["code"]))
                for one in seeded["machines"][:3]
            ]
            if profiles.load(profile).permit == "no":
                assert found == [None] * 3
            else:
                assert all(one.window_to >= clock.now + 24 * 3_600_000 for one in found)
        clock.forward(40 * 3600)
    ground.close()


def test_two_starts_in_a_row_ask_for_no_second_permit(
    ground: Ground, seeded: dict[str, Any]
) -> None:
    demo.seed(ground)
    with ground.read() as unit:
        firm = people.by_login(unit, "firm1").enterprise_id
        assert len(permits.of_enterprise(unit, firm)) == 1
