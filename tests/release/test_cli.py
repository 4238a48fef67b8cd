"""`hanma pack` as its user calls it: good packages, and plain sentences for all else."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from cloud.cli import main
from release import keys, package, tree

pytestmark = pytest.mark.slow  # takes seconds


def pack(*words: object) -> Result:
    return CliRunner().invoke(main, ["pack", *map(str, words)])


def told(done: Result) -> dict[str, Any]:
    assert done.exit_code == 0, done.output
    return json.loads(done.output.splitlines()[-1])


@pytest.fixture
def key(tmp_path: Path) -> Path:
    told(pack("--new-key", tmp_path / "release.pem"))
    return tmp_path / "release.pem"


def test_a_key_pair_is_made_once_and_its_private_half_is_for_its_owner_alone(
    key: Path, tmp_path: Path
) -> None:
    assert key.stat().st_mode & 0o777 == 0o600
    public = keys.load_public(keys.public_path(key))
    assert public == keys.raw(keys.load(key).public_key())
    before = key.read_bytes()
    again = pack("--new-key", key)
    assert again.exit_code == 1 and "不会覆盖" in again.output
    assert key.read_bytes() == before
    key.unlink()
    assert pack("--new-key", key).exit_code == 1  # the public half alone is kept as well
    assert not key.exists()


@pytest.mark.parametrize("words", [(), ("--compile",), ("--compile", "--march", "xtensawin")])
def test_a_package_holds_the_application_and_not_the_loader(
    key: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    out = tmp_path / "made.hmu"
    said = told(pack("--key", key, "--out", out, *words))
    data = out.read_bytes()
    manifest, files = package.read(data, keys.load(key).public_key())
    release, version = tree.about(tree.sources(tree.FIRMWARE))
    assert (manifest["release"], manifest["version"]) == (release, version)
    assert said["size"] == len(data) and said["files"] == len(files)
    assert said["sha256"] == hashlib.sha256(data).hexdigest()
    assert sorted(files) == [file["path"] for file in manifest["files"]]
    suffix = ".mpy" if words else ".py"
    assert f"terminal/app{suffix}" in files
    read = tree.FIRMWARE / "terminal" / "prompts.txt"  # no program: it stays as it is
    assert files.pop("terminal/prompts.txt") == read.read_bytes()
    assert all(path.startswith("terminal/") and path.endswith(suffix) for path in files)


def test_release_and_version_given_are_what_the_packed_program_says_of_itself(
    key: Path, tmp_path: Path
) -> None:
    out = tmp_path / "made.hmu"
    said = told(pack("--key", key, "--out", out, "--release", 12, "--version", "1.2.0"))
    assert (said["release"], said["version"]) == (12, "1.2.0")
    _, files = package.read(out.read_bytes(), keys.load(key).public_key())
    assert files["terminal/__init__.py"] == b'VERSION = "1.2.0"\nRELEASE = 12\n'


def test_the_private_key_is_never_shown(key: Path, tmp_path: Path) -> None:
    secret = keys.load(key).private_numbers().private_value
    pem = key.read_text().splitlines()[1]
    for done in (
        pack("--key", key, "--out", tmp_path / "made.hmu"),
        pack("--key", key, "--out", tmp_path / "no" / "folder"),
        pack("--key", key, "--hw", "a b"),
        pack("--new-key", tmp_path / "other.pem"),
    ):
        assert pem[:20] not in done.output and f"{secret:x}"[:20] not in done.output
        assert "PRIVATE" not in done.output


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--hw", "a b"), "hw must be"),
        (("--version", "焊"), "version must be"),
        (("--version", "v" * 33), "version must be"),
        (("--release", -1), "release is out of range"),
        (("--release", 5, "--min-release", 5), "min_release must be below"),
        (("--release", 1 << 60), "release is out of range"),
        (("--march", "xtensawin"), "--march needs --compile"),
        (("--days", 0), "--days must be 1"),
        (("--compile", "--march", "nonsense"), "Invalid"),
        (("--firmware", "/nowhere"), "no firmware"),
        (("--out", "/nowhere/made.hmu"), "cannot be read or written"),
    ],
)
def test_nonsense_is_refused_in_a_plain_sentence(
    key: Path, words: tuple[object, ...], sentence: str
) -> None:
    done = pack("--key", key, *words)
    assert done.exit_code in (1, 2)
    assert "Traceback" not in done.output
    assert sentence.lower() in done.output.lower(), done.output


def test_a_key_is_asked_for_and_must_be_one(key: Path, tmp_path: Path) -> None:
    assert pack().exit_code == 2
    bad = tmp_path / "bad.pem"
    for content in (
        b"",
        b"hello",
        keys.public_path(key).read_bytes(),
        ec.generate_private_key(ec.SECP384R1()).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    ):
        bad.write_bytes(content)
        done = pack("--key", bad)
        assert done.exit_code == 1 and "P-256" in done.output
    assert pack("--key", tmp_path / "missing.pem").exit_code == 1


@pytest.mark.parametrize("text", ["", "zz", "00" * 64, "00" * 63])
def test_a_public_key_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "release.pem.pub"
    path.write_text(text)
    with pytest.raises(keys.BadKey):
        keys.load_public(path)


def test_a_tree_that_does_not_say_its_release_or_does_not_compile_is_refused(
    key: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "firmware"
    shutil.copytree(tree.FIRMWARE, folder)
    (folder / "terminal" / "odd.py").write_text("def (:\n")
    done = pack("--key", key, "--firmware", folder, "--compile", "--out", tmp_path / "x")
    assert done.exit_code == 1 and "terminal/odd.py" in done.output
    (folder / "terminal" / "__init__.py").write_text('VERSION = "1"\n')
    assert "RELEASE" in pack("--key", key, "--firmware", folder).output
    (folder / "terminal" / "__init__.py").write_text("RELEASE = (\n")
    assert pack("--key", key, "--firmware", folder).exit_code == 1


def test_a_crash_record_is_read_with_the_names_beside_the_package(
    key: Path, tmp_path: Path
) -> None:
    out = tmp_path / "made.hmu"
    told(pack("--key", key, "--out", out, "--compile"))
    names = Path(f"{out}.names")
    table = json.loads(names.read_text("utf-8"))
    (short,) = [new for new, old in table["app.py"].items() if old == ["app.Terminal.now_ms"]]
    trace = f"app.py:1 {short} < main.py:1 <module>"
    read = told(pack("--trace", trace, "--names", names))
    assert read["trace"] == "app.py:1 app.Terminal.now_ms < main.py:1 <module>"
