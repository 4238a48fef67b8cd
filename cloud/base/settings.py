"""Everything that can be set, in one frozen value: defaults, then environment variables."""

import difflib
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Self, get_args, get_type_hints

# What simulator, bench, flash, deployment and tests read from the same environment.
_OF_OTHERS = frozenset(
    {
        *("HANMA_AIOBLE", "HANMA_BOOT", "HANMA_CABLE", "HANMA_CAMERA", "HANMA_CHROMIUM"),
        *("HANMA_BROKER_PASSWORD", "HANMA_ENROL_CODE", "HANMA_IMAGES", "HANMA_MICROPYTHON"),
        *("HANMA_NVS", "HANMA_SEARCH", "HANMA_SHOTS", "HANMA_SHRINK", "HANMA_TEST_BROKER"),
        *("HANMA_TEST_DATABASE", "HANMA_TICKS_MS", "HANMA_UART", "HANMA_UTC_US", "HANMA_WORLD"),
    }
)
# Of these, none is a value too: no proxy, midnight.
_NONE_TOO = frozenset({"proxies", "quiet_from_h", "quiet_until_h"})
# The names of earlier releases.
_ONCE = {
    "HANMA_KEEP_PICTURES_D": "HANMA_KEEP_PICTURES",
    "HANMA_KEEP_SNAPSHOTS_D": "HANMA_KEEP_PICTURES",
}


class BadSettings(ValueError):
    """An environment variable cannot be read; the text names it and says what is wanted."""


@dataclass(frozen=True)
class Settings:
    """The whole configuration; each field carries one line of explanation.

    Its variable is HANMA_ and the field's name (HANMA_DATA for `data_dir`).
    """

    data_dir: Annotated[Path, "directory of everything that is kept"] = Path("var")
    database: Annotated[str, "SQLAlchemy URL; empty = hanma.db in data_dir"] = field(
        default="", repr=False
    )
    broker: Annotated[str, "embedded, or mqtt(s)://user:pass@host:port, several with commas"] = (
        field(default="embedded", repr=False)
    )
    broker_token: Annotated[
        str, "opens /broker/login to brokers that ask us who may in; empty = no such page"
    ] = field(default="", repr=False)
    mqtt_listen: Annotated[
        str, "address of the embedded broker; with TLS on, of this computer only"
    ] = "127.0.0.1:1883"
    mqtt_tls_listen: Annotated[str, "address of its TLS listener; empty = none"] = ""
    mqtt_tls_cert: Annotated[str, "certificate file (PEM) of the TLS listener"] = ""
    mqtt_tls_key: Annotated[str, "key file (PEM) of the TLS listener"] = ""
    mqtt_tls_ca: Annotated[str, "authority (PEM) of devices' own certificates; empty = none"] = ""
    terminal_server: Annotated[
        str,
        "brokers that new terminals are told, mqtts://host:port with commas; empty = mqtt_listen",
    ] = ""
    listen: Annotated[str, "address of the web server"] = "127.0.0.1:8080"
    proxies: Annotated[int, "proxies in front, whose word on the caller's address is taken"] = 0
    base_url: Annotated[str, "what QR codes begin with; empty = listen"] = ""
    hotline: Annotated[
        str, "whom to call, printed on labels; empty = none, and whatever prints one says so"
    ] = ""
    profile: Annotated[str, "whose rules hold (work/profiles)"] = "chongqing"
    release_key: Annotated[
        str, "public key of upgrade packages, hex; empty = not checked here"
    ] = ""
    issuer_emergency: Annotated[
        str,
        "register of 应急管理: URL or CSV; empty = registers/emergency.csv in data_dir",
    ] = ""
    issuer_housing: Annotated[
        str, "register of 住建: URL or CSV; empty = registers/housing.csv in data_dir"
    ] = ""
    issuer_market: Annotated[
        str, "register of 市场监管: URL or CSV; empty = registers/market.csv in data_dir"
    ] = ""
    issuer_timeout_s: Annotated[int, "longest wait for a register"] = 3
    face_url: Annotated[str, "outside verifier of faces, where a profile asks; empty = none"] = ""
    face_secret: Annotated[str, "key of the signatures on question and answer"] = field(
        default="", repr=False
    )
    face_timeout_s: Annotated[int, "longest wait for the verifier"] = 3
    face_s: Annotated[int, "a face check is to be answered within"] = 300
    face_tries: Annotated[int, "face checks in one job"] = 5

    beat_working_s: Annotated[int, "heartbeat while a job runs"] = 60
    beat_idle_s: Annotated[int, "heartbeat otherwise"] = 180
    alive_s: Annotated[int, "longest silence towards a beating terminal"] = 720
    command_timeout_s: Annotated[int, "no answer = timed out"] = 20
    command_life_s: Annotated[int, "a command dies after this"] = 15
    presence_s: Annotated[
        int, "how long a spoken code, or the terminal's answer by Bluetooth, is good"
    ] = 60
    presence_tries: Annotated[int, "tries at one spoken code"] = 3
    presence_often: Annotated[int, "proofs for one person at one machine in presence_often_s"] = 6
    presence_often_s: Annotated[int, "window in which they are counted"] = 600
    pin_fresh_s: Annotated[int, "a PIN typed at ON and at the fire watch's step holds for"] = 300
    pin_tries: Annotated[int, "wrong PINs in a row until it is void"] = 5
    watched_s: Annotated[int, "ON must follow the fire watch within"] = 600
    resume_s: Annotated[int, "a paused job resumes within"] = 1800
    lease_max_s: Annotated[int, "longest single lease"] = 43_200
    off_confirm_s: Annotated[int, "OFF unconfirmed = alarm"] = 30
    clear_s: Annotated[int, "site cleared after the end within"] = 1800
    unstarted_s: Annotated[int, "a job never begun expires after"] = 7200
    long_on_s: Annotated[int, "a job that lasts longer = alarm"] = 86_400
    quiet_from_h: Annotated[int, "quiet hours begin, clocks of China (not for safety alarms)"] = 22
    quiet_until_h: Annotated[int, "quiet hours end; the same hour = none"] = 7
    notify_mail: Annotated[str, "mail server of notices, smtp(s)://user:pass@host:port"] = field(
        default="", repr=False
    )
    notify_mail_from: Annotated[str, "sender of these mails"] = "hanma@localhost"
    notify_mail_to: Annotated[str, "who gets them, addresses with commas"] = ""
    notify_hook: Annotated[str, "URL that notices are posted to; empty = none"] = field(
        default="", repr=False
    )
    notify_secret: Annotated[str, "key of the signature on these posts"] = field(
        default="", repr=False
    )
    sms_hook: Annotated[str, "URL that text messages are posted to; empty = console"] = field(
        default="", repr=False
    )
    sms_secret: Annotated[str, "key of the signature on these text posts"] = field(
        default="", repr=False
    )
    sms_code_s: Annotated[int, "a code by text message is good for"] = 300
    sms_code_tries: Annotated[int, "tries at a code by text message"] = 5
    sms_often: Annotated[int, "text messages to one number in throttle_s"] = 3

    figures_s: Annotated[int, "figures that many look at are counted again after"] = 10
    superior_url: Annotated[str, "platform that we report our jobs to (Way 2); empty = none"] = ""
    superior_key: Annotated[str, "name of our key there"] = ""
    superior_secret: Annotated[str, "secret of that key"] = field(default="", repr=False)
    superior_behind_s: Annotated[int, "a report unsent for longer = alarm"] = 3600
    platform_rate: Annotated[int, "requests a minute of one platform (Way 2)"] = 600
    platform_skew_s: Annotated[int, "by how much its clock may be off"] = 300

    map_tiles: Annotated[str, "address of map tiles, with {z} {x} {y}; empty = none"] = ""
    map_datum: Annotated[str, "datum of these tiles: WGS84 or GCJ02"] = "WGS84"
    map_boundaries: Annotated[str, "GeoJSON file of boundaries on the map; empty = none"] = ""
    metrics_token: Annotated[str, "opens /metrics as a Bearer token; empty = no such page"] = (
        field(default="", repr=False)
    )
    log_format: Annotated[str, "log lines as text or json"] = "text"
    keep_commands_d: Annotated[int, "days that finished commands are kept"] = 1095
    keep_codes_d: Annotated[int, "days that spoken codes are kept"] = 90
    keep_people_d: Annotated[
        int, "days after the last job or fitting in which the record demands who it was"
    ] = 1095
    keep_events_d: Annotated[int, "days that delivered events and notices are kept"] = 30
    keep_answers_d: Annotated[int, "days in which a platform's report is known again"] = 90
    keep_pictures: Annotated[
        str, "days that pictures are kept unless held, KIND=DAYS with commas; others as here"
    ] = "snapshot=180,site=365,joint=90,permit=365,fitting=365,signature=365"
    keep_held_d: Annotated[
        int, "days after its alarm was closed, or its export, that a picture stays held"
    ] = 1095
    checkpoint_s: Annotated[int, "a signed checkpoint of the audit chains every"] = 3600
    checkpoints_out: Annotated[
        str, "folder on another disk or host that each checkpoint is copied to; empty = none"
    ] = ""
    session_s: Annotated[int, "a sign-in lasts"] = 43_200
    throttle_s: Annotated[int, "window in which failures are counted"] = 900
    throttle_failures: Annotated[int, "failures per window"] = 20
    argon2_kib: Annotated[int, "memory of one password check"] = 19_456
    argon2_rounds: Annotated[int, "rounds of one password check"] = 2

    def __post_init__(self) -> None:
        if not {self.quiet_from_h, self.quiet_until_h} <= set(range(24)):
            raise BadSettings("HANMA_QUIET_FROM_H, HANMA_QUIET_UNTIL_H: an hour from 0 to 23")
        if self.sms_hook and not self.sms_secret:
            raise BadSettings("HANMA_SMS_SECRET: a key is wanted with HANMA_SMS_HOOK")
        if self.face_url and not self.face_secret:
            raise BadSettings("HANMA_FACE_SECRET: a key is wanted with HANMA_FACE_URL")
        if self.mqtt_tls_listen and not _of_this_computer(self.mqtt_listen):
            raise BadSettings(
                "HANMA_MQTT_LISTEN: beside HANMA_MQTT_TLS_LISTEN without TLS only on 127.0.0.1"
            )
        if len(self.terminal_server) > 512:
            raise BadSettings("HANMA_TERMINAL_SERVER: a terminal keeps at most 512 characters")
        if self.picture_days.keys() != _days_by_kind(type(self).keep_pictures).keys():
            raise BadSettings(f"HANMA_KEEP_PICTURES: KIND=DAYS, of {type(self).keep_pictures}")
        if self.log_format not in ("text", "json"):
            raise BadSettings("HANMA_LOG_FORMAT: text or json")
        if self.map_datum not in ("WGS84", "GCJ02"):
            raise BadSettings("HANMA_MAP_DATUM: WGS84 or GCJ02")
        if not self.database:
            object.__setattr__(self, "database", beside(Path(self.data_dir)))
        base = self.base_url or f"http://{self.listen}"
        object.__setattr__(self, "base_url", base.rstrip("/"))

    @property
    def picture_days(self) -> dict[str, int]:
        """How many days pictures of each kind are kept."""
        usual = _days_by_kind(type(self).keep_pictures)
        return usual | _days_by_kind(self.keep_pictures)

    @property
    def told_to_terminals(self) -> str:
        """What is written into a terminal as its `server`."""
        return self.terminal_server or self.mqtt_listen

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Settings from the environment; BadSettings if a value cannot be read."""
        given = {}
        for name, (variable, kind, _doc) in cls.described().items():
            text = environ.get(variable, "")
            if text:
                given[name] = _read(kind, variable, text, least=int(name not in _NONE_TOO))
        return cls(**given)

    @classmethod
    def strange(cls, environ: Mapping[str, str]) -> dict[str, str]:
        """The HANMA_ variables that set nothing, each with the nearest one that does, or empty."""
        known = [variable for variable, _kind, _doc in cls.described().values()]
        given = {name for name in environ if name.startswith("HANMA_")}
        return {
            name: _ONCE.get(name) or next(iter(difflib.get_close_matches(name, known, 1)), "")
            for name in sorted(given - set(known) - _OF_OTHERS)
        }

    @classmethod
    def described(cls) -> dict[str, tuple[str, type, str]]:
        """Every field with its variable, its type and its explanation, in order."""
        hints = get_type_hints(cls, include_extras=True)
        return {
            name: ("HANMA_" + name.removesuffix("_dir").upper(), *get_args(hint))
            for name, hint in hints.items()
        }


def _days_by_kind(text: str) -> dict[str, int]:
    """`joint=90,site=365` as a dict; BadSettings."""
    pairs = [part.strip().partition("=") for part in text.split(",") if part.strip()]
    return {kind: _read(int, "HANMA_KEEP_PICTURES", days) for kind, _equals, days in pairs}


def _of_this_computer(listen: str) -> bool:
    host = listen.rpartition(":")[0].strip("[]")
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def beside(data_dir: Path) -> str:
    """The database where none is named: a file among what is kept."""
    return f"sqlite:///{data_dir.absolute() / 'hanma.db'}"


def _read(kind: type, variable: str, text: str, least: int = 1) -> Any:
    if kind is not int:
        return kind(text)
    if not text.isascii() or not text.isdigit() or int(text) < least:
        raise BadSettings(f"{variable}={text!r}: a whole number from {least} on is wanted")
    return int(text)
