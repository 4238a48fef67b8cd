"""The regulators' page of pictures to judge (cloud/web/reviews.py)."""


def test_an_empty_list_says_so_and_an_unknown_job_is_a_404(browser, cast):
    officer = browser(cast.officer)
    assert "没有待审核的照片" in officer.get("/reviews").text
    assert officer.post("/reviews/nothing", page="/reviews", what="pass").status_code == 404
    assert officer.post("/reviews/x", page="/reviews", what="maybe").status_code == 400
    assert officer.post("/reviews/x", page="/reviews", what="refuse").status_code == 400


def test_a_job_that_is_not_reviewed_is_not_judged(browser, cast, floor):
    state = floor.applied().state(cast.code)
    answer = browser(cast.officer).post(
        f"/reviews/{state['job']}", page="/reviews", json=True, what="pass"
    )
    assert (answer.status_code, answer.json["refusals"][0]["code"]) == (409, "wrong-step")
    far = browser(cast.far_officer)
    assert far.post(f"/reviews/{state['job']}", page="/reviews", what="pass").status_code == 403


def test_a_venue_code_outside_a_key_zone_is_refused(browser, cast, floor):
    welder = floor.applied()
    refused = welder.step(cast.code, "venue/show")
    assert [one["code"] for one in refused["refusals"]] == ["review"]
    watch = browser(cast.fire_watch)
    refused = watch.step(cast.code, "venue", venue="123456")
    assert [one["code"] for one in refused["refusals"]] == ["venue-code"]
    assert watch.post(f"/m/{cast.code}/venue", json=True, venue="12").status_code == 400
