"""What is said of a press that nobody answered, and of one that cannot be done any more."""

import pytest

from cloud.registry import people
from cloud.work import permits

pytestmark = pytest.mark.slow


def test_a_dropped_press_and_one_too_late_say_so_in_words_with_the_article_folded(
    stage, phone, permit
):
    page = phone("firm1", "/permits")
    form = page.locator(f"#approve-{permit}")
    # What stands before the cloud sheds it, in its own words.
    page.route("**/approve", lambda route: route.fulfill(status=429, body="<h1>busy</h1>"))
    form.locator("button").click()
    page.get_by_text("没有答复这一步").wait_for(timeout=60_000)
    page.unroute("**/approve")
    with stage.ground.write() as unit:
        firm = people.by_login(unit, "firm1")
        permits.turn_down(unit, permits.get(unit, permit), firm, "停工")
    form.locator("button").click()
    article = form.locator(".told details")
    article.wait_for(timeout=60_000)
    assert article.locator("summary").inner_text() == "依据"
    assert not article.evaluate("folded => folded.open")
    assert "没有答复" not in form.locator(".told").inner_text()
