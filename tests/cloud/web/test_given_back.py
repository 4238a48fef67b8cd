"""A form that cannot be taken comes back as it was sent, with the words beside the field."""

from html.parser import HTMLParser

import pytest
from werkzeug.datastructures import MultiDict

from cloud.cases import alarms, service
from cloud.web.given_back import filled
from tests.cloud.web.test_technician import trained

NOTE = "<b>!</b>"
TEXT = '<form action="/a"><input name="n" value="old"><textarea name="t">old</textarea></form>'
CHOICE = '<form action="/a"><select name="s"><option value="1" selected>A<option value="2">B</select></form>'  # noqa: E501
TICKS = '<form action="/a"><input type="checkbox" name="c" value="1" checked><input type="checkbox" name="c" value="2"></form>'  # noqa: E501
SECRET = '<form action="/a"><input type="password" name="p"></form>'
HINT = '<form action="/a"><input name="n" aria-describedby="h"></form>'
RELOADS = '<noscript><meta http-equiv="refresh" content="3"></noscript>'
OTHER = '<form action="/b"><input name="n"></form>'


@pytest.mark.parametrize(
    ("page", "sent", "field", "holds"),
    [
        (TEXT, {"n": 'a"<'}, "n", 'name="n" value="a&#34;&lt;" aria-invalid="true"'),
        (TEXT, {"n": "1"}, "n", f"autofocus>{NOTE}<textarea"),
        (TEXT, {"n": "1", "t": "two\nlines"}, "t", f">two\nlines</textarea>{NOTE}</form>"),
        (TEXT, {"n": "1"}, "", f'<form action="/a">{NOTE}<input'),
        (TEXT, {"n": "1"}, "nowhere", f'<form action="/a">{NOTE}<input'),
        (CHOICE, {"s": "2"}, "s", '<option value="1">A<option value="2" selected>B'),
        (TICKS, {"c": "2"}, "c", '"1"><input type="checkbox" name="c" value="2" checked>'),
        (SECRET, {"p": "secret"}, "p", f'aria-describedby="told" autofocus>{NOTE}</form>'),
        (
            TEXT.replace("><textarea", ' aria-describedby="h"><textarea'),
            {"n": "1"},
            "n",
            '"told h"',
        ),
        (OTHER + TEXT, {"n": "1"}, "n", OTHER),
        (
            f'<noscript><meta http-equiv="refresh" content="3"></noscript>{TEXT}',
            {"n": "1"},
            "",
            "<noscript></noscript>",
        ),
        (f"<details>{TEXT}</details>", {"n": "1"}, "n", "<details open>"),
        (f"<details></details>{TEXT}", {"n": "1"}, "n", "<details></details>"),
        (
            '<form action="/b"><button formaction="/a" name="w" value="x"></form>',
            {"w": "x"},
            "",
            f'"/b">{NOTE}',
        ),
        (  # of two forms to one address the one that says what was sent
            '<form action="/a"><input type="hidden" name="w" value="1"></form>'
            '<form action="/a"><input type="hidden" name="w" value="2"></form>',
            {"w": "2"},
            "",
            f'"1"></form><form action="/a">{NOTE}',
        ),
    ],
)
def test_the_form_is_filled_in_as_it_was_sent(page, sent, field, holds):
    made = filled(page, "/a", MultiDict(sent), NOTE, field)
    assert holds in made and made.count(NOTE) == 1 and "secret" not in made


@pytest.mark.parametrize("page", [OTHER, "", "<p>", TEXT.replace('name="n"', 'name="m"')])
def test_there_is_no_such_form(page):
    assert filled(page, "/a", MultiDict({"n": "1"}), NOTE) is None


class Forms(HTMLParser):
    """The forms that post, each as {"action": …, "fields": {name: value}, "typed": {name, …}}."""

    def __init__(self, page):
        super().__init__()
        self.all, self.form, self.choice = [], None, ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        name, value = told.get("name", ""), told.get("value") or ""
        if tag == "form":
            self.form = {"action": told.get("action"), "fields": {}, "typed": set()}
            if told.get("method") == "post":
                self.all.append(self.form)
        elif self.form and tag == "select":
            self.choice = name
        elif self.form and tag == "option" and value:
            self.form["fields"].setdefault(self.choice, value)
        elif self.form and name and tag == "button":
            self.form["fields"].setdefault(name, value)
        elif self.form and name and tag in ("input", "textarea"):
            kind = told.get("type", "text")
            self.form["fields"].setdefault(name, value or "1")
            if kind not in ("hidden", "checkbox", "radio", "password", "file"):
                self.form["typed"].add(name)


LONG = "太长" * 110
# Who → the pages whose forms are sent.
PAGES = {
    None: ("/register", "/login/phone"),
    "welder": ("/certificates", "/m/{code}"),
    "enterprise": ("/enterprise", "/permits", "/contracts"),
    "technician": ("/technician/records/{fitting}?step=machine", "/technician/records/{fitting}"),
    "officer": ("/", "/alarms/{alarm}"),
    "office": (
        *("/office/accounts", "/office/campaigns", "/office/enrolment", "/office/exempt"),
        *("/office/registrations", "/registers/people/{person}", "/registers/stock"),
        *("/registers/machines/{code}", "/registers/terminals/T1", "/registers/people"),
    ),
}


@pytest.fixture
def places(floor, county):
    """What the addresses name: an alarm, somebody who waits, a record that is begun."""
    cast = floor.cast
    about = {"district": cast.machine.district, "machine_id": cast.machine.id}
    alarm = county.do(alarms.raise_alarm, "TAMPER", "T1", **about)
    county.person("welder", status="pending", enterprise=cast.works)
    trained(county, cast.technician)
    record = county.do(service.begin, cast.machine, cast.technician, "installation")
    named = {"alarm": alarm.id, "person": cast.welder.id, "fitting": record.id}
    return cast, {"code": cast.code, **named}


@pytest.mark.parametrize("who", PAGES)
def test_every_form_of_every_face_comes_back_with_what_was_typed(browser, places, who):
    cast, named = places
    user = browser(who and getattr(cast, who))
    lost, sent = [], 0
    for page in (one.format(**named) for one in PAGES[who]):
        for form in Forms(user.get(page).text).all:
            if not form["typed"]:
                continue
            sent += 1
            fields = form["fields"] | dict.fromkeys(form["typed"], LONG)
            headers = {"Referer": f"http://localhost{page}"}
            answer = user.client.post(form["action"], data=fields, headers=headers)
            kept = [one for one in Forms(answer.text).all if one["action"] == form["action"]]
            whole = any(
                one["fields"].get(name) == LONG for one in kept for name in sorted(form["typed"])
            )
            if not (400 <= answer.status_code < 500 and whole and 'id="told"' in answer.text):
                lost.append((page, form["action"], answer.status_code))
    assert lost == [] and sent


def test_without_a_page_of_ours_to_come_back_to_there_is_one_that_says_why(browser, cast):
    office = browser(cast.office)
    for referrer in ("", "https://elsewhere.example/office/accounts", "http://localhost/nowhere"):
        headers = {"Referer": referrer}
        token = office.token("/")
        answer = office.client.post("/office/accounts", data={"csrf": token}, headers=headers)
        assert answer.status_code == 400 and 'id="told"' not in answer.text
