"""The phone as an app: what it may keep names nobody."""

import json
import re


def test_the_manifest_makes_an_app_of_the_page(client):
    told = json.loads(client.get("/manifest.webmanifest").data)
    assert (told["display"], told["start_url"]) == ("standalone", "/")
    assert client.get(told["icons"][0]["src"], buffered=True).status_code == 200
    assert 'rel="manifest"' in client.get("/login").text


def test_the_worker_keeps_our_files_and_one_page_that_names_nobody(browser, cast):
    welder = browser(cast.welder)
    answer = welder.get("/sw.js")
    assert answer.content_type.startswith("text/javascript")
    shell = json.loads(re.search(r"const SHELL = (\[.*\]);", answer.text)[1])
    assert shell[0] == "/offline?l=zh"
    for path in shell:
        assert welder.get(path, buffered=True).status_code == 200
    page = welder.get("/offline").text
    assert "没有网络" in page and "csrf" not in page
    assert cast.welder.name[0] not in page and cast.code not in page


def test_whoever_switches_the_language_gets_another_worker_with_the_page_in_it(browser, cast):
    welder = browser(cast.welder)
    first = welder.get("/sw.js").text
    welder.post("/language", page="/scan", lang="en")
    other = welder.get("/sw.js").text
    assert '"/offline?l=en"' in other and other != first
    assert "No network" in welder.get("/offline?l=en").text
    assert "caches.match(SHELL[0])" in other  # the one that was kept in this language


def test_bluetooth_is_offered_on_site_only_and_says_which_terminal(browser, floor):
    floor.working()
    for person, offered in ((floor.cast.welder, True), (floor.cast.fire_watch, True)):
        page = browser(person).get(f"/m/{floor.code}").text
        assert ('data-device="T1"' in page) is offered
    assert 'id="near"' not in browser(floor.cast.officer).get(f"/m/{floor.code}").text
