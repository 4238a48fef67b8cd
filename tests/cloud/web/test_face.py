"""The face check on the machine page: consent first, a way without it, never an error page."""

from dataclasses import replace

import pytest

from cloud.base.breaker import SourceDown
from cloud.registry.verifier import FaceAnswer, FaceReply
from cloud.work import permits

PAGE = "https://verifier.example/f/1"
CHECKS = ["combustibles", "extinguishers", "briefing", "exits", "instructions"]


@pytest.fixture
def settings(settings):
    return replace(settings, profile="dalad")


@pytest.fixture
def welder(floor):
    """The welder's browser, where it is to be found that it is the welder."""
    cast, county = floor.cast, floor.county
    given = {"enterprise_id": cast.works.id, "grade": "second", "window_from": county.clock.now}
    until = county.clock.now + 8 * 3_600_000
    asked = county.do(permits.ask, cast.welder, **given, window_to=until)
    county.do(permits.approve, asked, cast.enterprise)
    browser = floor.applied()
    typed = floor.spoken(browser)
    assert browser.step(floor.code, "check", code=typed, ticks=CHECKS, ten="1")["ok"]
    return browser


def verifier(ground, result=None):
    """What a verifier says: nothing yet, yes or no."""

    def ask(question):
        about = (question.reference, question.nonce, question.person, question.step)
        answer = result is not None and FaceAnswer(*about, result, ground.clock())
        return FaceReply(PAGE, answer or None)

    ground.verifier = ask


def codes(answer):
    return [one["code"] for one in answer["refusals"]]


def test_the_page_says_what_is_sent_what_is_kept_and_that_one_may_say_no(welder, floor, ground):
    verifier(ground)
    page = welder.get(f"/m/{floor.code}").text
    for words in ("核实是您本人", "不拍、不收、不存您的人脸", "可以不同意", "我同意这一次刷脸"):
        assert words in page
    assert 'name="consent" value="1" required' in page
    assert "不刷脸，请监护人当面核对" in page
    assert PAGE not in page


def test_with_consent_the_welder_is_sent_to_the_verifier_and_back(welder, floor, ground):
    verifier(ground)
    assert codes(welder.step(floor.code, "face")) == ["face-consent"]
    assert welder.step(floor.code, "face", consent="1")["state"]["face"]["page"] == PAGE
    assert (
        f'href="{PAGE}" target="_blank" rel="noopener noreferrer"'
        in welder.get(f"/m/{floor.code}").text
    )
    assert codes(welder.step(floor.code, "face/result")) == ["face-wait"]
    verifier(ground, True)
    assert welder.step(floor.code, "face/result")["state"]["step"] == "wait-watch"


def test_the_verifiers_page_is_shown_to_the_welder_alone(welder, floor, ground, browser):
    verifier(ground)
    welder.step(floor.code, "face", consent="1")
    for person in (floor.cast.fire_watch, floor.cast.officer, floor.cast.enterprise):
        assert PAGE not in browser(person).get(f"/m/{floor.code}").text
        assert PAGE not in browser(person).get(f"/m/{floor.code}/state").text


def test_who_declines_is_vouched_for_on_the_fire_watchs_phone(welder, floor, ground, browser):
    verifier(ground)
    watch = browser(floor.cast.fire_watch)
    assert "焊工正在核实本人" in watch.get(f"/m/{floor.code}").text
    answer = welder.post(f"/m/{floor.code}/face/decline")  # as without script
    assert (answer.status_code, answer.location) == (303, f"/m/{floor.code}")
    assert "您选择了不刷脸。" in welder.get(f"/m/{floor.code}").text
    page = watch.get(f"/m/{floor.code}").text
    assert "当面核对焊工" in page and 'name="seen" value="1" required' in page
    assert 'name="pin"' in page
    assert codes(watch.step(floor.code, "vouch")) == ["face"]
    assert watch.step(floor.code, "vouch", seen="1")["state"]["step"] == "watch"
    assert welder.state(floor.code)["step"] == "wait-watch"


def test_another_fire_watch_than_the_named_one_confirms_nothing(welder, floor, county, browser):
    other = county.person("fire_watch", enterprise=floor.cast.works, password="made-up-password")
    stranger = browser(other)
    assert stranger.state(floor.code)["step"] == "busy"
    assert "fire-watch-other" in codes(stranger.step(floor.code, "vouch", seen="1"))
    assert browser(floor.cast.fire_watch).state(floor.code)["step"] == "vouch"


def test_without_a_verifier_the_page_asks_for_the_fire_watch(welder, floor):
    page = welder.get(f"/m/{floor.code}").text
    assert "这里没有接入刷脸服务" in page and "consent" not in page
    assert codes(welder.step(floor.code, "face", consent="1")) == ["face-down"]


def test_a_verifier_that_is_down_is_a_refusal_with_a_way_on(welder, floor, ground):
    def down(question):
        raise SourceDown("made up")

    ground.verifier = down
    answer = welder.step(floor.code, "face", consent="1")
    assert codes(answer) == ["face-down"]
    assert answer["refusals"][0]["todo"] in welder.get(f"/m/{floor.code}").text


def test_all_of_it_is_there_in_english(welder, floor, ground):
    verifier(ground)
    welder.post("/language", lang="en", next="/")
    page = welder.get(f"/m/{floor.code}").text
    assert "I agree to this one face check" in page
    main = page[page.index("<main") : page.index("</main>")]
    for words in (floor.cast.welder.name, "赵**", "赵*示", "演示车间", "焊接支架", "1号焊机"):
        main = main.replace(words, "")
    assert not [sign for sign in main if "\u4e00" <= sign <= "\u9fff"]


@pytest.mark.parametrize("act", ["face", "face/result", "face/decline", "vouch"])
def test_without_a_job_it_is_no_step(floor, browser, act):
    person = floor.cast.fire_watch if act == "vouch" else floor.cast.welder
    assert codes(browser(person).step(floor.code, act)) == ["wrong-step"]


def test_the_application_names_the_fire_watch_and_nobody_else_confirms(
    floor, county, ground, browser
):
    other = county.person("fire_watch", enterprise=floor.cast.works, password="made-up-password")
    form = browser(floor.cast.welder).get(f"/m/{floor.code}").text
    for person in (floor.cast.fire_watch, other):
        assert f'<option value="{person.id}">{person.name}</option>' in form
    unnamed = browser(floor.cast.welder).step(floor.code, "apply", site="演示车间", work="焊接")
    assert "fire-watch-unnamed" in codes(unnamed)
