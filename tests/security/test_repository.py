"""What can be read off the files themselves: no secret, no broken hash, every part pinned."""

import re
import ssl
import tomllib
from pathlib import Path

import pytest

from cloud import attack
from cloud.base.settings import Settings
from cloud.mqtt import broker

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ("cloud", "firmware", "simulator", "release", "setup", "flash", "hardware", "deploy")
POLICY = (ROOT / "SECURITY.md").read_text("utf-8")
SECRETS = re.compile(
    r"BEGIN [A-Z ]*PRIVATE KEY-|(?:password|secret|token|api_?key)\w* ?= ?[\"'][0-9a-f]{32,}[\"']",
    re.I,
)
BROKEN = re.compile(r"\bmd5\b|\bsha-?1\b|\bDES\b|\bRC4\b", re.I)


def sources():
    kinds = {".py", ".sh", ".toml", ".js", ".html", ".conf", ".env", ".yml", ".yaml", ".service"}
    for folder in PROGRAMS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in kinds:
                yield path, path.read_text()


def test_no_file_holds_a_private_key_or_a_password():
    found = [
        f"{path.relative_to(ROOT)}: {hit[0]}"
        for path, text in sources()
        for hit in SECRETS.finditer(text)
    ]
    assert found == []
    kept = Settings.described()
    secret = [name for name in kept if re.search("secret|token|password", name)]
    assert secret and all(getattr(Settings(), name) == "" for name in secret)


def test_no_file_holds_the_marks_of_a_merge():
    marks = re.compile("^(<{7}|>{7}) ", re.M)
    folders = (*PROGRAMS, "tests", "docs")
    files = [one for folder in folders for one in (ROOT / folder).rglob("*")]
    texts = {".py", ".po", ".md", ".html", ".js", ".css", ".toml", ".sh", ".txt"}
    kept = [one for one in (*files, *ROOT.glob("*.*")) if one.suffix in texts]
    assert len(kept) > 500
    assert [one for one in kept if marks.search(one.read_text("utf-8"))] == []


def test_no_program_uses_a_broken_hash():
    """But for the simulated chip's own loader, whose flash check is what it is."""
    found = [path for path, text in sources() if path.suffix == ".py" and BROKEN.search(text)]
    assert [path for path in found if "simulator/cable" not in str(path)] == []


def test_bandit_finds_nothing_grave():
    assert attack.bandit() == "clean"


def test_the_brokers_tls_begins_at_1_2(tmp_path, monkeypatch):
    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", lambda *_: None)
    context = broker.tls_context("made-up", "made-up")
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_every_dependency_is_pinned_in_the_lock():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [one for many in project["optional-dependencies"].values() for one in many]
    named = {plain(re.split(r"[\[>=<]", one)[0]) for one in project["dependencies"] + extras}
    lock = (ROOT / "setup" / "lock.txt").read_text().splitlines()
    pinned = {
        plain(line.split("==")[0]) for line in lock if re.fullmatch(r"[\w.-]+==[\w.]+", line)
    }
    assert named - pinned == set()
    assert len(pinned) == len([line for line in lock if line.strip()])


def test_every_part_kept_as_a_file_is_in_the_bill_with_its_release_and_licence():
    """A file of somebody else is known by the notice that it must carry."""
    listed = re.findall(r"^\| (\w+) \| ([\d.]+) \| [\w-]+ \| `(\S+)` \|$", POLICY, re.M)
    notice = re.compile(r"@license|@preserve|\(c\) \d{4}|Copyright \(c\)")
    found = {
        path.parent.relative_to(ROOT).as_posix() + "/"
        for folder in PROGRAMS
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".js", ".css", ".py", ".html", ".svg", ""}
        and path.is_file()
        and notice.search(path.read_text("utf-8", "ignore")[:1000])
    }
    assert found == {where for _name, _release, where in listed}
    for name, release, where in listed:
        texts = [one.read_text("utf-8", "ignore") for one in (ROOT / where).glob("*.js")]
        assert any(f"{name} {release}" in text for text in texts)
        assert "License" in (ROOT / where / "LICENSE").read_text("utf-8")


def plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("word", ["Reporting", "Support", "setup/lock.txt"])
def test_the_policy_says_how_to_report_how_long_and_of_what_it_is_made(word):
    assert word in POLICY
