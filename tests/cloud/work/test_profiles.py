"""The profiles that are shipped (cloud/work/profiles)."""

import pytest

from cloud.base.settings import Settings
from cloud.work import profiles
from cloud.work.rules import RULES, SAYINGS


def test_three_profiles_are_shipped_and_the_default_is_one_of_them() -> None:
    assert profiles.names() == ["chongqing", "dalad", "wuyi"]
    assert Settings().profile in profiles.names()


@pytest.mark.parametrize(
    ("name", "status", "fits", "permit", "fire_watch", "presence", "ten_rules"),
    [
        ("chongqing", "draft", "refuse", "voucher", "always", True, 10),
        ("dalad", "plan", "refuse", "permit", "always", True, 10),
        ("wuyi", "press", "warn", "no", "no", False, 0),
        ("wuyi@key-zone", "press", "warn", "permit", "always", True, 0),
    ],
)
def test_the_switches_of_each(
    name: str,
    status: str,
    fits: str,
    permit: str,
    fire_watch: str,
    presence: bool,
    ten_rules: int,
) -> None:
    one = profiles.load(name)
    assert (one.status, one.certificate_fits, one.permit) == (status, fits, permit)
    assert (one.fire_watch, one.presence, len(one.ten_rules)) == (fire_watch, presence, ten_rules)


@pytest.mark.parametrize("name", profiles.names())
def test_sources_and_lists_hold_together(name: str) -> None:
    one = profiles.load(name)
    assert set(one.sources) <= set(SAYINGS)
    for lines in (one.checklist, one.watch_checklist, one.clear_checklist):
        assert len({line.id for line in lines}) == len(lines)
        assert all(line.words.zh and line.words.en for line in lines)


@pytest.mark.parametrize("name", ["", "nowhere", "../../secrets", "ten_rules"])
def test_an_unknown_profile_is_named_with_those_that_there_are(name: str) -> None:
    with pytest.raises(profiles.NoSuchProfile, match="chongqing, dalad, wuyi"):
        profiles.load(name)


def test_a_machine_in_a_key_zone_stands_under_stricter_rules_where_the_profile_has_them() -> None:
    assert profiles.at("wuyi", key_zone=True).asks_watch
    assert not profiles.at("wuyi", key_zone=False).asks_watch
    for name in ("chongqing", "dalad"):
        assert profiles.at(name, key_zone=True) is profiles.load(name)
    assert profiles.every() == [
        *("chongqing", "chongqing@cylinder", "dalad", "wuyi", "wuyi@key-zone")
    ]
    with pytest.raises(profiles.NoSuchProfile):
        profiles.load("dalad@key-zone")


@pytest.mark.parametrize("name", profiles.every())
def test_no_profile_names_a_source_for_a_rule_that_it_never_asks_for(name: str) -> None:
    one = profiles.load(name)
    base = name.partition("@")[0]
    every = (one, profiles.load(base), profiles.at(base, key_zone=True))
    for rule in RULES:
        if rule.code in one.sources:
            assert any(rule.wanted(profile) for profile in every), rule.code


def test_a_face_is_checked_in_dalad_only() -> None:
    assert [name for name in profiles.every() if profiles.load(name).face] == ["dalad"]
    assert not profiles.at("dalad", key_zone=False, exempt=True).face


@pytest.mark.parametrize(("name", "days"), [("chongqing", 15), ("dalad", 15), ("wuyi", 0)])
def test_how_soon_a_new_machine_is_to_be_coded(name: str, days: int) -> None:
    assert profiles.load(name).coded_within_days == days
