"""What deploy/ tells is there: commands, settings and units that are named exist."""

import configparser
import re
import shutil
import subprocess
import sys
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from sqlalchemy.engine import make_url

from cloud import processes
from cloud.base.settings import Settings
from cloud.base.unit import Ground
from cloud.cli import main
from cloud.mqtt import hook, iotda, topics
from cloud.mqtt.packets import Message
from cloud.web import create_app

ROOT = Path(__file__).resolve().parents[1]
SMALL = ROOT / "deploy" / "small"
README_FILE = ROOT / "deploy" / "README.md"
README = README_FILE.read_text("utf-8")
PROVINCE = ROOT / "deploy" / "province"
FILES = sorted([*SMALL.iterdir(), *PROVINCE.iterdir()])
ENVIRONMENTS = [one for one in FILES if ".env" in one.suffixes]
HAPROXY = [one for one in FILES if one.name == "haproxy.cfg"]
UNITS = [one for one in FILES if one.suffix in (".service", ".timer")]
COMPOSE = yaml.safe_load((PROVINCE / "compose.yml").read_text("utf-8"))


def commands(text: str) -> list[list[str]]:
    """The words after each `hanma` of ours."""
    return [found.split() for found in re.findall(r"/bin/hanma ([a-z -]+)", text)]


def exists(words: list[str]) -> bool:
    group: click.Command | None = main
    for word in words:
        if not isinstance(group, click.Group):
            break
        group = group.get_command(click.Context(group), word)
    return group is not None


def variables() -> set[str]:
    return {Settings.described()[one.name][0] for one in fields(Settings)}


def told(file: Path) -> dict[str, str]:
    """The settings of an environment file."""
    lines = [one for one in file.read_text("utf-8").splitlines() if one and one[0] != "#"]
    return dict(one.split("=", 1) for one in lines)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_can_be_read_and_every_command_in_it_exists(unit: Path) -> None:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(unit)
    assert "Unit" in parser and {"Service", "Timer"} & set(parser.sections())
    assert all(exists(words) for words in commands(unit.read_text()))


def test_systemd_itself_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed")
    for unit in UNITS:  # what they start is not installed here
        text = re.sub(
            r"^(ExecStart=)/opt/\S+", r"\1/bin/true", unit.read_text("utf-8"), flags=re.M
        )
        (tmp_path / unit.name).write_text(text, "utf-8")
    words = ["systemd-analyze", "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))]
    told = subprocess.run(words, capture_output=True, text=True)
    ours = [line for line in told.stderr.splitlines() if "hanma" in line or str(tmp_path) in line]
    assert (told.returncode, ours) == (0, [])


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_units_name_each_other_rightly_and_the_page_names_them(unit: Path) -> None:
    known = {one.name for one in UNITS}
    named = re.findall(r"hanma[a-z-]*@?[0-9]?\.(?:service|timer)", unit.read_text() + README)
    assert {re.sub("@[0-9]", "@", one) for one in named} <= known
    assert unit.stem in README


@pytest.mark.parametrize("file", [SMALL / "hanma.env", PROVINCE / "province.env"])
def test_every_setting_of_the_example_is_one(file: Path) -> None:
    assert set(told(file)) <= variables()
    Settings.from_env(told(file))


def test_every_variable_of_ours_that_is_named_anywhere_is_one() -> None:
    """In a unit, a comment, a script or a page."""
    texts = [file.read_text("utf-8") for file in [*FILES, README_FILE]]
    named = {name for text in texts for name in re.findall(r"HANMA_[A-Z_]+", text)}
    assert len(named) > 10
    assert Settings.strange(dict.fromkeys(named, "")) == {}


@pytest.mark.parametrize("file", ENVIRONMENTS, ids=lambda file: file.name)
def test_every_setting_is_explained_on_the_line_before_it(file: Path) -> None:
    lines = file.read_text("utf-8").splitlines()
    setting = re.compile(r"#?[A-Z][A-Z0-9_]*=")
    bare = [
        line
        for before, line in pairwise(["", *lines])
        if setting.match(line) and (not before.startswith("# ") or setting.match(before))
    ]
    assert bare == []
    assert sum(bool(setting.match(line)) for line in lines) >= 4


@pytest.mark.parametrize("file", [*HAPROXY, PROVINCE / "emqx.conf"], ids=str)
def test_every_part_of_a_file_of_somebody_elses_is_explained(file: Path) -> None:
    """A section of HAProxy, a block of EMQX: a comment before it, behind it or first in it."""
    lines = file.read_text("utf-8").splitlines()
    parts = [number for number, line in enumerate(lines) if re.match("[a-z]", line)]
    bare = [
        lines[number]
        for number in parts
        if not any("#" in line for line in lines[max(0, number - 1) : number + 2])
    ]
    assert parts and bare == []


def options(unit: Path) -> dict[str, list[str]]:
    """The [Service] of a unit: what each option is set to, in order."""
    found: dict[str, list[str]] = {}
    service = unit.read_text("utf-8").partition("[Service]\n")[2].partition("\n[")[0]
    for line in service.splitlines():
        if line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def test_every_option_of_the_units_is_explained_on_the_page() -> None:
    used = {name for unit in UNITS for name in options(unit)} - {"ExecStart", "Type"}
    assert {name for name in used if f"`{name}" not in README} == set()


def test_accounts_are_followed_with_the_very_words_with_which_they_were_made() -> None:
    """Another certificate or port in one of the two units, and the broker's file would change."""
    made, *others = options(SMALL / "hanma-accounts.service")["ExecStart"]
    assert options(SMALL / "hanma-follow.service")["ExecStart"] == [f"{made} --follow"]
    (folder,) = re.findall(r"hanma broker mosquitto (\S+)", made)
    (broker,) = options(SMALL / "hanma-broker.service")["ExecStart"]
    assert broker.endswith(f" -c {folder}/mosquitto.conf")
    (cloud,) = options(SMALL / "hanma.service")["ExecStart"]
    assert f"$(cat {folder}/broker-url)" in cloud
    assert any(one.endswith(f" {folder}/broker-url") for one in others)


def test_what_follows_the_register_is_kept_up_and_shut_in_as_the_cloud_is() -> None:
    cloud, follow = (options(SMALL / f"hanma{one}.service") for one in ("", "-follow"))
    own = {"ExecStart", "User", "LimitNOFILE", "ReadWritePaths"}
    assert {k: v for k, v in follow.items() if k not in own} == {
        k: v for k, v in cloud.items() if k not in own
    }
    (folder,) = re.findall(r"hanma broker mosquitto (\S+)", follow["ExecStart"][0])
    assert follow["ReadWritePaths"] == [f"{cloud['ReadWritePaths'][0]} {folder}"]


def test_the_units_of_a_province_differ_in_what_they_run_alone() -> None:
    kinds = ("web", "ingest@", "housekeeping")
    first, *others = (options(PROVINCE / f"hanma-{one}.service") for one in kinds)
    own = {"ExecStart", "KillMode"}
    for other in others:
        assert {k: v for k, v in first.items() if k not in own} == {
            k: v for k, v in other.items() if k not in own
        }
    service = {one["command"][0] for _name, one in services() if one.get("image") == "hanma"}
    assert {one.rstrip("@") for one in kinds} == service


def test_compose_and_the_units_stop_after_the_same_time() -> None:
    """Longer than the web workers' own, or what was begun is cut off."""
    (unit,) = options(PROVINCE / "hanma-web.service")["TimeoutStopSec"]
    assert COMPOSE["x-cloud"]["stop_grace_period"] == f"{unit}s"
    assert int(unit) > processes._GRACE_S


def test_the_backup_reads_the_settings_of_either_kind_of_host() -> None:
    backup = options(SMALL / "hanma-backup.service")["EnvironmentFile"]
    others = [one for one in UNITS if one.stem != "hanma-backup"]
    read = {file for one in others for file in options(one).get("EnvironmentFile", [])}
    assert {f"-{file}" for file in read} == set(backup)


def test_the_image_has_the_tools_of_the_databases_release() -> None:
    """pg_dump refuses a server that is newer than itself."""
    image = (PROVINCE / "Dockerfile").read_text("utf-8")
    assert "bookworm" in image and "postgresql-client" in image  # Debian 12: PostgreSQL 15
    releases = {one["image"] for _name, one in services() if one["image"].startswith("postgres")}
    assert releases == {"postgres:15"} and "PostgreSQL 15" in README


def test_what_is_asked_of_the_cloud_is_a_page_of_it(tmp_path: Path) -> None:
    ground = Ground.open(Settings(data_dir=tmp_path))
    pages = {rule.rule for rule in create_app(ground).url_map.iter_rules()}
    ground.close()
    for file in HAPROXY:
        text = file.read_text("utf-8")
        assert set(re.findall(r"option httpchk GET (\S+)", text)) == {"/healthz"} <= pages
        shut = set(re.findall(r"-m beg (\S+)", text))
        assert shut == {f"{hook.ROOT}/", "/metrics"} and "/metrics" in pages


def test_the_small_hosts_proxy_leads_to_where_the_cloud_listens() -> None:
    text = (SMALL / "haproxy.cfg").read_text("utf-8")
    given = told(SMALL / "hanma.env")
    assert f"server cloud {given['HANMA_LISTEN']} " in text
    assert given["HANMA_PROXIES"] == "1" and "option forwardfor" in text


def test_every_service_of_the_province_runs_a_command_with_settings_that_exist() -> None:
    words = {name: one["command"][0] for name, one in services() if one.get("image") == "hanma"}
    assert set(words.values()) == {"web", "ingest", "housekeeping"}
    assert all(exists([word]) for word in words.values())
    for _name, one in services():
        given = [name for name in one.get("environment", {}) if name.startswith("HANMA_")]
        assert set(given) <= variables()
        for name in one.get("depends_on", {}):
            assert name in COMPOSE["services"]


def services() -> list[tuple[str, dict[str, Any]]]:
    return list(COMPOSE["services"].items())


def test_no_secret_has_a_value_and_each_is_asked_for_and_explained() -> None:
    wanted = set(re.findall(r"\$\{([A-Z_]+):\?\}", (PROVINCE / "compose.yml").read_text("utf-8")))
    assert wanted == set(told(PROVINCE / "secrets.env.example"))
    assert set(told(PROVINCE / "secrets.env.example").values()) == {""}
    assert all(f"`{name}`" in README for name in wanted)
    for name, value in told(PROVINCE / "emqx.env").items():
        assert value == "" or name == "EMQX_NODE__NAME"


def test_the_database_address_names_both_and_takes_the_one_that_may_be_written() -> None:
    address = COMPOSE["x-cloud"]["environment"]["HANMA_DATABASE"]
    url = make_url(address.replace("${POSTGRES_PASSWORD:?}", "made-up"))
    _, said = url.get_dialect()().create_connect_args(url)
    assert said["host"] == "database,replica" and said["port"] == "5432,5432"
    assert said["target_session_attrs"] == "read-write" and said["password"] == "made-up"


def test_the_brokers_ask_a_page_that_is_there_and_hear_for_terminals_what_is_theirs() -> None:
    conf = (PROVINCE / "emqx.conf").read_text("utf-8")
    balancer = (PROVINCE / "haproxy.cfg").read_text("utf-8")
    (path,) = re.findall(r'url = "http://balancer:8081(/[a-z/]+)"', conf)
    assert path.startswith(f"{hook.ROOT}/") and "bind :8081" in balancer
    # And nobody else may, however the letters of the path are written.
    assert "http-request deny if { path,url_dec -m beg /broker/ }" in balancer
    assert "http-request deny if { path,url_dec -m beg /metrics }" in balancer
    for wanted in re.findall(r'topic = "([^"]+)"', conf):
        assert iotda.own("HM-1", wanted.replace("${username}", "HM-1"))
    command = iotda.down("HM-1", Message("hm/HM-1/down", b'{"id":"c1"}', 1)).topic
    heard = re.findall(r'topic = "([^"]+)"', conf)
    assert any(topics.matches(one.replace("${username}", "HM-1"), command) for one in heard)
    answer = "$oc/devices/HM-1/sys/commands/response/request_id=c1"
    assert not any(topics.matches(one.replace("${username}", "HM-1"), answer) for one in heard)


def test_compose_has_no_word_that_its_published_schema_does_not_know() -> None:
    words = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    file = PROVINCE / "compose.yml"
    told = subprocess.run([*words, str(file)], capture_output=True, text=True)
    assert told.returncode == 0, told.stdout


def test_what_the_balancer_listens_on_is_what_the_others_call() -> None:
    balancer = (PROVINCE / "haproxy.cfg").read_text("utf-8")
    ports = set(re.findall(r"bind :(\d+)", balancer))
    published = {one.partition(":")[2] for one in COMPOSE["services"]["balancer"]["ports"]}
    assert published == {"443", "8883"} and ports == published | {"8081", "1884"}
    cloud = COMPOSE["x-cloud"]["environment"]
    assert cloud["HANMA_BROKER"].endswith("@balancer:1884")
    assert told(PROVINCE / "province.env")["HANMA_TERMINAL_SERVER"].endswith(":8883")
    conf = (PROVINCE / "emqx.conf").read_text("utf-8")
    listening = set(re.findall(r'bind = "0\.0\.0\.0:(\d+)"', conf)) - {"18083"}
    assert set(re.findall(r"server emqx\d emqx\d:(\d+)", balancer)) == listening
    listens = told(PROVINCE / "province.env")["HANMA_LISTEN"]
    assert f"web:{listens.rpartition(':')[2]}" in balancer


@pytest.mark.parametrize("given_file", HAPROXY, ids=str)
def test_the_balancer_itself_finds_nothing_wrong_with_its_file(
    given_file: Path, tmp_path: Path
) -> None:
    program = shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if program is None:
        pytest.skip("haproxy is not installed")
    given = given_file.read_text("utf-8")
    # Neither the certificate nor the hosts are here, nor need so many files be allowed.
    given = re.sub(r"ssl crt \S+ |maxconn 120000", "", given)
    file = tmp_path / "haproxy.cfg"
    file.write_text(given)
    told = subprocess.run([program, "-c", "-f", str(file)], capture_output=True, text=True)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "ALERT" not in told.stderr and "WARNING" not in told.stderr, told.stderr


def test_the_balancer_asks_each_node_itself_whether_it_works() -> None:
    balancer = (PROVINCE / "haproxy.cfg").read_text("utf-8")
    (port,) = set(re.findall(r"default-server port (\d+)", balancer))
    assert f'bind = "0.0.0.0:{port}"' in (PROVINCE / "emqx.conf").read_text("utf-8")
    assert balancer.count("http-check send meth GET uri /status") == 2
    published = [one.get("ports", []) for name, one in services() if name.startswith("emqx")]
    assert published == [[], [], []], "the console is for the closed network alone"


def test_the_balancer_may_open_as_many_files_as_its_connections_need() -> None:
    balancer = (PROVINCE / "haproxy.cfg").read_text("utf-8")
    (connections,) = re.findall(r"^ +maxconn (\d+)", balancer, re.M)
    files = COMPOSE["services"]["balancer"]["ulimits"]["nofile"]
    assert files >= 2 * int(connections) + 1_000  # else it does not start


# Each was looked up in the schema of EMQX 5.8.6 (apps/emqx/src/emqx_schema.erl, emqx_conf,
# emqx_auth, emqx_auth_http, emqx_auto_subscribe, emqx_dashboard): name, place and kind of value.
_OF_EMQX = {
    "cluster": {"name", "discovery_strategy", "static.seeds"},
    "listeners.ssl.default": {
        *("bind", "max_connections", "tcp_options.nodelay"),
        *("ssl_options.certfile", "ssl_options.keyfile", "ssl_options.versions"),
    },
    "listeners.tcp.default": {"bind", "max_connections", "tcp_options.nodelay"},
    "listeners.ws.default": {"enable"},
    "listeners.wss.default": {"enable"},
    "authentication": {
        *("mechanism", "backend", "method", "url", "pool_size", "request_timeout"),
        *("headers.content-type", "body.clientid", "body.username", "body.password"),
    },
    "authorization": {"sources", "no_match", "deny_action", "cache.enable"},
    "auto_subscribe.topics": {"topic", "qos"},
    "mqtt": {
        *("max_packet_size", "max_inflight", "max_mqueue_len"),
        *("shared_subscription_strategy", "retain_available"),
    },
    "dashboard.listeners.http": {"bind"},
}


def keys_of(conf: str) -> set[str]:
    """Every key of a HOCON file, with dots; of one whose lists hold strings or `{…}`."""
    tokens = re.findall(r'"[^"]*"|[{}\[\],=]|[^\s"{}\[\],=]+', re.sub("##.*", "", conf))
    path, lists, found, before = [], [], set(), ""
    for token in tokens:
        name = before.strip('"')
        if token == "{" and name in ("[", ",", "}"):
            path.append(lists[-1])
            found.discard(lists[-1])
        elif token == "{":
            path.append(name)
        elif token == "}":
            path.pop()
        elif token == "=":
            found.add(key := ".".join([*path, name]))
        elif token == "[":
            lists.append(key)
        elif token == "]":
            lists.pop()
        before = token
    return found


def test_every_key_of_emqx_is_one_that_was_looked_up() -> None:
    known = {f"{place}.{name}" for place, names in _OF_EMQX.items() for name in names}
    conf = (PROVINCE / "emqx.conf").read_text("utf-8")
    assert keys_of(conf) == known


def test_the_balancer_names_the_services_that_there_are() -> None:
    balancer = (PROVINCE / "haproxy.cfg").read_text("utf-8")
    named = re.findall(r"^ +server(?:-template)? \S+ (?:\d+ )?([a-z0-9]+):", balancer, re.M)
    assert set(named) == {"web", "emqx1", "emqx2", "emqx3"} <= set(COMPOSE["services"])
    for _name, one in services():
        for volume in one.get("volumes", []):
            if volume.startswith("./"):
                assert (PROVINCE / volume.partition(":")[0]).is_file(), volume


def test_the_cloud_does_not_start_when_it_cannot_read_where_its_broker_is(tmp_path: Path) -> None:
    unit = (SMALL / "hanma.service").read_text()
    found = re.search(r"^ExecStart=/bin/sh -c '(.+)'$", unit, re.MULTILINE)
    assert found
    address = tmp_path / "broker-url"
    script = found[1].replace("/var/lib/hanma-broker/broker-url", str(address))
    script = script.replace("/opt/hanma/.venv/bin/hanma serve", "printenv HANMA_BROKER")
    failed = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=False)
    assert failed.returncode != 0 and failed.stdout == ""
    address.write_text("mqtt://cloud:x@127.0.0.1:1884\n")
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == address.read_text()
