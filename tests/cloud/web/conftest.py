"""An application on a made-up county, browsers without a face, and a terminal of paper."""

import re
from io import BytesIO
from types import SimpleNamespace

import pytest

from cloud.book import outbox
from cloud.link import commands, intake, terminals
from cloud.registry import factors, pins
from cloud.web import create_app
from cloud.work import jobs
from simulator.phone import fresh_picture
from tests.cloud.stand_in import StandIn

PASSWORD = "made-up-password"
PIN = "270115"
DIGITS = "零一二三四五六七八九"
CSRF = re.compile('name="csrf" (?:content|value)="([0-9a-f]{64})"')
ONCE = re.compile('name="once" value="([0-9a-f]{32})"')
AS_JSON = {"Accept": "application/json"}
CHECKS = ["combustibles", "extinguishers", "briefing", "exits"]


class Browser:
    """A test client that posts forms as a page would: with the token found on it."""

    def __init__(self, client):
        self.client = client
        self.get = client.get

    def token(self, page="/login"):
        """The CSRF token that this browser would find on the page."""
        return CSRF.search(self.client.get(page, follow_redirects=True).text)[1]

    def post(self, path, page="/", json=False, **fields):
        """Post fields as the form on `page` would; list values are repeated fields."""
        fields.setdefault("csrf", self.token(page))
        return self.client.post(path, data=fields, headers=AS_JSON if json else {})

    def sign_in(self, person, password=PASSWORD, **fields):
        return self.post("/login", page="/login", login=person.login, password=password, **fields)

    def step(self, machine, act, /, **fields):
        """Press a button of the machine page as its script does; gives the JSON."""
        if act in ("on", "watch", "vouch"):  # their owners type it whether it is asked for or not
            fields.setdefault("pin", PIN)
        answer = self.post(f"/m/{machine}/{act}", json=True, **fields)
        assert answer.status_code in (200, 409), answer.text
        assert answer.json["ok"] == (answer.status_code == 200)
        return answer.json

    def picture(self, machine, raw=None, **fields):
        """Take a picture on the machine page; gives the answer."""
        file = (BytesIO(raw or fresh_picture()), "p.jpg")
        return self.post(f"/m/{machine}/picture", json=True, picture=file, **fields)

    def state(self, code):
        return self.get(f"/m/{code}/state").json


@pytest.fixture
def app(ground):
    return create_app(ground)


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def post(client):
    return Browser(client).post


@pytest.fixture
def browser(app, ground):
    """Make a browser, signed in as somebody if a person is given; with a second factor where one
    is compulsory."""

    def make(person=None):
        made = Browser(app.test_client())
        if person is not None:
            with ground.write() as unit:
                factors.end(unit, person)
            assert made.sign_in(person).status_code == 303
            if factors.COMPULSORY & person.roles:
                with ground.write() as unit:
                    factors.begin(unit, person)
        return made

    return make


@pytest.fixture
def cast(county):
    """Who plays: people of every role, one machine, and what it hears and answers."""
    works = county.enterprise("演示机械厂")
    people = SimpleNamespace(works=works)
    for name, role, given in (
        ("welder", "welder", {"name": "李演示"}),
        ("other_welder", "welder", {"name": "王演示"}),
        ("fire_watch", "fire_watch", {"name": "赵演示"}),
        ("officer", "officer", {"district": "990101"}),
        ("far_officer", "officer", {"district": "990202"}),
        ("office", "office", {"district": "99"}),
        ("enterprise", "enterprise", {}),
        ("technician", "technician", {}),
        ("platform", "platform", {}),
    ):
        person = county.person(role, enterprise=works, password=PASSWORD, **given)
        setattr(people, name, person)
    for welder in (people.welder, people.other_welder):
        county.certificate(welder)
    for person in (people.welder, people.other_welder, people.fire_watch):
        county.do(pins.put, person.id, PIN, "")
    people.machine = county.machine(works, device="T1", name="1号焊机")
    people.code = people.machine.code
    return people


class Floor:
    """The shop floor behind the pages: messages cross when the test says so."""

    def __init__(self, county, sent, cast, browser):
        self.county, self.sent, self.cast, self.browser = county, sent, cast, browser
        self.code = cast.code
        self.terminal = StandIn("T1", county.do(terminals.provision, "T1"), county.clock)
        self.read = 0
        self.up(self.terminal.login())

    def up(self, payload):
        self.county.do(intake.receive, "T1", payload)
        outbox.deliver(self.county.ground, jobs.handlers())

    def exchange(self):
        """Everything that is on its way arrives, until it is quiet."""
        outbox.deliver(self.county.ground, jobs.handlers())
        while self.read < len(self.sent):
            _device, body = self.sent[self.read]
            self.read += 1
            answer = self.terminal.hear(body)
            if answer:
                self.up(answer)

    def later(self, seconds):
        """Time passes without a word; the cloud sweeps."""
        self.county.clock.forward(seconds)
        self.county.do(commands.sweep)
        self.county.do(intake.off_line)
        self.county.do(jobs.sweep)
        self.exchange()

    def applied(self):
        """The welder's browser, after applying and taking a picture."""
        welder = self.browser(self.cast.welder)
        asked = {"site": "演示车间", "work": "焊接支架", "voucher": "1号票"}
        welder.step(self.code, "apply", fire_watch=self.cast.fire_watch.id, **asked)
        assert welder.picture(self.code).status_code == 200
        return welder

    def spoken(self, who):
        """The code that the machine speaks when this browser asks for one."""
        assert who.step(self.code, "speak")["ok"]
        self.exchange()
        return "".join(str(DIGITS.index(s)) for s in self.terminal.spoken[-1] if s in DIGITS)

    def watched(self):
        """(welder's browser, fire watch's browser), at the point where ON may be pressed."""
        welder, watch = self.applied(), self.browser(self.cast.fire_watch)
        typed = self.spoken(welder)
        assert welder.step(self.code, "check", code=typed, ticks=CHECKS, ten="1")["ok"]
        assert watch.picture(self.code).status_code == 200
        typed = self.spoken(watch)
        assert watch.step(self.code, "watch", code=typed, ticks=["site", "stay"])["ok"]
        return welder, watch

    def working(self):
        """The same two, with the relay closed."""
        welder, watch = self.watched()
        assert welder.step(self.code, "on")["ok"]
        self.exchange()
        assert self.terminal.relay == 1
        return welder, watch


@pytest.fixture
def floor(county, sent, cast, browser):
    return Floor(county, sent, cast, browser)
