"""One master key per installation; what is sealed opens only where and for what it was sealed."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from cloud.base import signing
from cloud.base.keys import Keys, KeysBroken, SealBroken

KEYS = Keys(bytes(range(32)))


@given(st.binary(max_size=200), st.text(max_size=20))
def test_what_is_sealed_opens_again_for_the_same_purpose(clear: bytes, purpose: str) -> None:
    assert KEYS.open(KEYS.seal(clear, purpose), purpose) == clear


def test_the_same_text_is_never_sealed_alike() -> None:
    assert KEYS.seal(b"x", "p") != KEYS.seal(b"x", "p")


def test_a_seal_names_its_key_and_shows_nothing_of_what_it_holds() -> None:
    sealed = KEYS.seal(b"13800000000", "phone")
    assert sealed.startswith(KEYS.id + ".")
    assert "13800000000" not in sealed


@pytest.mark.parametrize("sealed", ["", "x", "{id}.", "{id}.!!", "{id}.AAAA", "feedbeef.AAAA"])
def test_what_is_no_seal_is_refused(sealed: str) -> None:
    with pytest.raises(SealBroken):
        KEYS.open(sealed.replace("{id}", KEYS.id), "p")


def test_a_seal_does_not_open_for_another_purpose_or_with_another_key() -> None:
    sealed = KEYS.seal(b"x", "p")
    with pytest.raises(SealBroken):
        KEYS.open(sealed, "q")
    with pytest.raises(SealBroken):
        Keys(bytes(32)).open(sealed, "p")


@given(st.integers(min_value=9, max_value=200))
def test_one_changed_character_breaks_the_seal(place: int) -> None:
    sealed = KEYS.seal(b"a made-up secret!", "p")
    place = min(place, len(sealed) - 1)
    changed = "A" if sealed[place] != "A" else "B"
    with pytest.raises(SealBroken):
        KEYS.open(sealed[:place] + changed + sealed[place + 1 :], "p")


def test_a_blind_index_is_stable_and_keyed() -> None:
    assert KEYS.blind("x") == Keys(bytes(range(32))).blind("x")
    assert KEYS.blind("x") != Keys(bytes(32)).blind("x")
    assert KEYS.blind("x") != KEYS.blind("y")


def test_every_use_has_a_key_of_its_own() -> None:
    assert len({KEYS.csrf, KEYS.derive("presence"), KEYS.derive("other")}) == 3


def test_the_key_file_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    first = Keys.load(tmp_path)
    path = tmp_path / "keys" / "master.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert len(path.read_bytes()) == 32
    assert Keys.load(tmp_path).id == first.id
    assert [file.name for file in path.parent.iterdir()] == ["master.key"]


def test_two_starts_at_once_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        ids = set(threads.map(lambda _: Keys.load(tmp_path).id, range(8)))
    assert len(ids) == 1


def test_a_damaged_key_file_is_not_replaced_in_silence(tmp_path: Path) -> None:
    Keys.load(tmp_path)
    path = tmp_path / "keys" / "master.key"
    path.write_bytes(b"short")
    with pytest.raises(KeysBroken):
        Keys.load(tmp_path)
    assert path.read_bytes() == b"short"


def test_no_key_material_is_shown() -> None:
    assert repr(KEYS) == f"<Keys {KEYS.id}>"
    assert KEYS.id not in bytes(range(32)).hex()


def test_after_a_fresh_key_new_texts_and_files_are_sealed_with_it_and_old_ones_open(
    tmp_path: Path,
) -> None:
    keys = Keys.load(tmp_path)
    text, file = keys.seal(b"old", "p"), keys.seal_file(b"old", "p", "name")
    first, fresh = keys.id, keys.renew("data")
    assert (keys.id, keys.ids) == (fresh, (first, fresh)) and fresh != first
    assert keys.seal(b"new", "p").startswith(f"{fresh}.")
    for one in (keys, Keys.load(tmp_path)):
        assert one.open(text, "p") == one.open_file(file, "p", "name") == b"old"
        assert one.open(keys.seal(b"new", "p"), "p") == b"new"
        assert one.open_file(keys.seal_file(b"new", "p", "name"), "p", "name") == b"new"


def test_another_process_takes_up_a_fresh_key_by_itself(tmp_path: Path) -> None:
    mine, other = Keys.load(tmp_path), Keys.load(tmp_path)
    before = other.csrf
    mine.renew("data")
    mine.renew("web")
    assert other.open(mine.seal(b"new", "p"), "p") == b"new" and other.id == mine.id
    assert before != other.csrf == mine.csrf
    assert (
        other.blind("x")
        == mine.blind("x")
        == Keys((tmp_path / "keys/master.key").read_bytes()).blind("x")
    )


def test_a_file_of_before_files_named_their_key_still_opens() -> None:
    box = AESGCM(KEYS.derive("media"))
    raw = bytes(12) + box.encrypt(bytes(12), b"picture", b"name")
    assert KEYS.open_file(raw, "media", "name") == b"picture"
    for spoiled in (b"", raw[:-1], raw + b"x", KEYS.seal_file(b"x", "media", "other")):
        with pytest.raises(SealBroken):
            KEYS.open_file(spoiled, "media", "name")


def test_what_a_key_of_elsewhere_sealed_is_refused_and_the_key_named(tmp_path: Path) -> None:
    elsewhere = Keys(bytes(32))
    for opened in (
        lambda: KEYS.open(elsewhere.seal(b"x", "p"), "p"),
        lambda: KEYS.open_file(elsewhere.seal_file(b"x", "p", "n"), "p", "n"),
    ):
        with pytest.raises(SealBroken, match=elsewhere.id):
            opened()


def test_what_root_makes_goes_to_the_owner_of_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_to: list[tuple[str, int, int]] = []

    def given(made: int | Path, uid: int, gid: int) -> None:
        name = os.readlink(f"/proc/self/fd/{made}") if isinstance(made, int) else str(made)
        given_to.append((str(Path(name).parent), uid, gid))

    monkeypatch.setattr(os, "fchown", given)
    monkeypatch.setattr(os, "lchown", given)
    owner = (tmp_path.stat().st_uid, tmp_path.stat().st_gid)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    Keys.load(tmp_path / "another")
    assert given_to == []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    Keys.load(tmp_path).renew("data")
    signing.renew(tmp_path, 0)
    keys = (str(tmp_path / "keys"), *owner)
    assert given_to == [(str(tmp_path), *owner), *[keys] * 5]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_key_renewed_by_root_is_the_clouds(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 12346)
    Keys.load(tmp_path).renew("web")
    signing.renew(tmp_path, 0)
    made = [tmp_path / "keys", *(tmp_path / "keys").iterdir()]
    assert {(one.stat().st_uid, one.stat().st_gid) for one in made} == {(12345, 12346)}
    assert {one.stat().st_mode & 0o777 for one in made[1:]} == {0o600}
