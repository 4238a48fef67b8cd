"""Settings come from the environment, once, and a wrong value is named."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from cloud.base.settings import BadSettings, Settings

READERS = ("cloud", "simulator", "flash", "firmware", "release", "hardware", "setup", "tests")


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = Settings.from_env({})
    assert settings == Settings()
    assert settings.database == f"sqlite:///{Path('var').absolute()}/hanma.db"
    assert settings.base_url == "http://127.0.0.1:8080"
    assert (settings.broker, settings.profile) == ("embedded", "chongqing")


def test_the_environment_overrides_each_field() -> None:
    settings = Settings.from_env(
        {
            "HANMA_DATA": "/srv/hanma",
            "HANMA_DATABASE": "postgresql://db/hanma",
            "HANMA_BASE_URL": "https://example.test/",
            "HANMA_BEAT_IDLE_S": "240",
            "HANMA_LISTEN": "",
        }
    )
    assert settings.data_dir == Path("/srv/hanma")
    assert settings.database == "postgresql://db/hanma"
    assert settings.base_url == "https://example.test"
    assert settings.beat_idle_s == 240
    assert settings.listen == "127.0.0.1:8080"


@pytest.mark.parametrize("text", ["soon", "-1", "0", "1.5", "٣"])
def test_a_number_that_is_none_is_refused_by_name(text: str) -> None:
    with pytest.raises(BadSettings, match="HANMA_BEAT_IDLE_S"):
        Settings.from_env({"HANMA_BEAT_IDLE_S": text})


def test_where_none_is_a_value_too_it_can_be_set() -> None:
    midnight = {"HANMA_PROXIES": "0", "HANMA_QUIET_FROM_H": "20", "HANMA_QUIET_UNTIL_H": "0"}
    settings = Settings.from_env(midnight)
    assert (settings.proxies, settings.quiet_from_h, settings.quiet_until_h) == (0, 20, 0)


@pytest.mark.parametrize("variable", ["HANMA_LOG_FORMAT", "HANMA_MAP_DATUM"])
def test_a_word_that_is_none_of_those_known_is_refused_by_name(variable: str) -> None:
    with pytest.raises(BadSettings, match=variable):
        Settings.from_env({variable: "jsno"})


def test_every_field_has_its_variable_and_its_line_of_explanation() -> None:
    described = Settings.described()
    assert list(described) == [one.name for one in fields(Settings)]
    assert described["data_dir"][0] == "HANMA_DATA"
    assert described["mqtt_listen"][0] == "HANMA_MQTT_LISTEN"
    assert all(len(doc) > 10 for _variable, _kind, doc in described.values())


def test_urls_that_may_hold_a_password_are_not_shown() -> None:
    settings = Settings(database="postgresql://u:secret@db/x", broker="mqtt://u:secret@host:1")
    assert "secret" not in f"{settings!r} {settings}"


def test_pictures_are_kept_by_kind_and_only_what_differs_is_said() -> None:
    days = Settings.from_env({"HANMA_KEEP_PICTURES": "joint=30, site=400"}).picture_days
    assert days == Settings().picture_days | {"joint": 30, "site": 400}
    assert days["snapshot"] == 180


@pytest.mark.parametrize("plain", ["127.0.0.1:1883", "localhost:1", "[::1]:1883", ""])
def test_beside_tls_the_broker_speaks_in_clear_to_this_computer_alone(plain: str) -> None:
    given = {"HANMA_MQTT_TLS_LISTEN": "0.0.0.0:8883", "HANMA_MQTT_LISTEN": plain}
    assert Settings.from_env(given).mqtt_listen == (plain or "127.0.0.1:1883")
    for wide in ("0.0.0.0:1883", ":1883", "[::]:1883", "192.0.2.1:1883", "broker.example:1883"):
        with pytest.raises(BadSettings, match="HANMA_MQTT_LISTEN"):
            Settings.from_env(given | {"HANMA_MQTT_LISTEN": wide})
    assert Settings.from_env({"HANMA_MQTT_LISTEN": "0.0.0.0:1883"})  # asked for, where none is


@pytest.mark.parametrize("text", ["portrait=3", "joint", "joint=soon", "joint=0"])
def test_days_of_no_kind_and_no_days_are_refused_by_name(text: str) -> None:
    with pytest.raises(BadSettings, match="HANMA_KEEP_PICTURES"):
        Settings.from_env({"HANMA_KEEP_PICTURES": text})


def test_a_variable_that_sets_nothing_is_named_with_the_nearest_that_does() -> None:
    strange = Settings.strange(
        {
            "HANMA_KEEP_SNAPSHOTS_D": "30",
            "HANMA_KEEP_EVENT_D": "30",
            "HANMA_ZZZZZZ": "",
            "HANMA_DATA": "var",
            "HANMA_TEST_DATABASE": "postgresql",
            "PATH": "/bin",
        }
    )
    assert strange == {
        "HANMA_KEEP_EVENT_D": "HANMA_KEEP_EVENTS_D",
        "HANMA_KEEP_SNAPSHOTS_D": "HANMA_KEEP_PICTURES",
        "HANMA_ZZZZZZ": "",
    }


def test_no_variable_that_something_here_reads_is_strange() -> None:
    root = Path(__file__).parents[3]
    files = [one for part in READERS for one in (root / part).rglob("*.py")]
    named = {
        name
        for file in files
        for name in re.findall(r"environ(?:\.get\(|\[)\"(HANMA_\w+)", file.read_text("utf-8"))
    }
    assert {"HANMA_NVS", "HANMA_SEARCH"} <= named
    assert Settings.strange(dict.fromkeys(named, "")) == {}
