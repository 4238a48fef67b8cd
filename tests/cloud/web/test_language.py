"""Chinese first, English by switch; every sentence in both."""

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import cloud.web
from cloud.web.language import ENGLISH, compiled

WEB = Path(cloud.web.__file__).parent
METHODS = [("**.py", "python"), ("**.html", "jinja2")]
PLACES = re.compile(r"%\(\w+\)[sd]")


def used():
    """The msgids in templates and Python of cloud/web."""
    options = {"**.html": {"newstyle_gettext": "true", "trimmed": "true", "silent": "false"}}
    keywords = {"_": None, "gettext": None, "N_": None}
    found = extract_from_dir(str(WEB), METHODS, options, keywords)
    return {message for _file, _line, message, _comments, _context in found}


def english():
    """msgid -> msgstr of the po file."""
    with ENGLISH.open("rb") as source:
        return {entry.id: entry.string for entry in read_po(source) if entry.id}


def test_every_sentence_has_its_english_and_no_english_is_unused():
    translated = {msgid for msgid, words in english().items() if words}
    assert sorted(used() - translated) == []
    assert sorted(set(english()) - used()) == []


def test_both_languages_have_the_same_places_for_values():
    wrong = {
        msgid
        for msgid, words in english().items()
        if sorted(PLACES.findall(msgid)) != sorted(PLACES.findall(words))
    }
    assert wrong == set()


def test_no_english_sentence_kept_chinese_signs():
    chinese = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
    assert [words for words in english().values() if chinese.search(words)] == []


def test_the_po_file_is_compiled_in_memory():
    assert compiled(ENGLISH).gettext("登录") == "Log in"
    assert list(WEB.rglob("*.mo")) == []


def test_chinese_comes_first_whatever_the_browser_wishes(client):
    page = client.get("/login", headers={"Accept-Language": "en-GB,en;q=0.9"})
    assert '<html lang="zh-Hans">' in page.text
    assert "密码" in page.text


def test_the_switch_is_remembered_and_stays_on_the_page(client, post):
    answer = post("/language", page="/login?next=/m/x", lang="en", next="/login?next=/m/x")
    assert (answer.status_code, answer.location) == (303, "/login?next=/m/x")
    page = client.get("/login")
    assert '<html lang="en">' in page.text
    assert "Password" in page.text
    post("/language", page="/login", lang="zh", next="/login")
    assert "密码" in client.get("/login").text


@pytest.mark.parametrize("lang", ["", "fr", "EN", "zh\x00", "x" * 10_000])
def test_an_unknown_language_is_bad_input(post, lang):
    assert post("/language", page="/login", lang=lang).status_code == 400


def test_a_cookie_with_nonsense_means_chinese(client):
    client.set_cookie("lang", "../../etc")
    assert '<html lang="zh-Hans">' in client.get("/login").text
