"""Alarms are told outside: by log, mail and signed hook, tried until they are taken."""

import hashlib
import hmac
import json
import logging
import ssl
import threading
from dataclasses import replace
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from smtplib import SMTPNotSupportedError, SMTPRecipientsRefused
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

import pytest
from sqlalchemy import select

from cloud.app import handlers
from cloud.base import breaker
from cloud.book import audit, checkpoints, outbox
from cloud.cases import alarms, life, notices
from cloud.cases.notices import Notice
from cloud.notify.channels import channels, to_log
from cloud.notify.herald import Herald
from cloud.registry import machines
from cloud.work import papers, soundness
from tests.cloud.mqtt.made_up_papers import Authority
from tests.cloud.work.conftest import make_site


class Told:
    """A ground with channels of its own; what each was given is kept."""

    def __init__(self, county: Any) -> None:
        self.county, self.got, self.down, self.tried = county, [], set(), []
        ways = {name: self._way(name) for name in ("log", "mail", "hook")}
        self.herald = Herald(county.ground, ways)

    def _way(self, name: str) -> Any:
        def way(body: dict[str, Any]) -> None:
            self.tried.append(name)
            if name in self.down:
                raise OSError("away")
            self.got.append((name, body["event"], body["kind"]))

        return way

    def alarm(self, kind: str = "TAMPER") -> Any:
        where = {"district": "990101001"}
        raised = self.county.do(alarms.raise_alarm, kind, f"X-{kind}", **where)
        self.deliver()
        return raised

    def deliver(self) -> None:
        every = outbox.together(life.handlers(), notices.handlers())
        while outbox.deliver(self.county.ground, every):
            pass

    def send(self) -> None:
        while self.herald.send_some():
            pass

    def rows(self) -> list[Notice]:
        return self.county.ask(lambda unit: list(unit.db.scalars(select(Notice))))


@pytest.fixture
def told(either: Any, county: Any, clock: Any) -> Told:
    either.settings = replace(
        either.settings, notify_mail="smtp://127.0.0.1:1", notify_hook="http://127.0.0.1:1"
    )
    return Told(type(county)(either, clock))


def test_each_channel_is_told_once_that_an_alarm_was_raised_and_closed(told: Told) -> None:
    told.alarm()
    told.send()
    told.county.do(alarms.cleared, "TAMPER", "X-TAMPER")
    told.deliver()
    told.send()
    names = ("log", "mail", "hook")
    assert sorted(told.got) == sorted(
        (name, event, "TAMPER") for name in names for event in ("alarm-raised", "alarm-closed")
    )


def test_a_climbing_alarm_is_told_too(told: Told) -> None:
    told.alarm()
    told.county.clock.forward(1801)
    told.county.do(life.sweep)
    told.deliver()
    told.send()
    assert ("hook", "alarm-escalated", "TAMPER") in told.got


def test_a_channel_that_is_away_is_tried_again_and_holds_up_no_other(told: Told) -> None:
    told.down = {"hook"}
    told.alarm()
    told.send()
    assert sorted(name for name, _event, _kind in told.got) == ["log", "mail"]
    told.county.clock.forward(9)
    told.down = set()
    told.send()
    assert len(told.got) == 2
    told.county.clock.forward(2)
    told.send()
    assert told.got[-1][0] == "hook"


def test_a_channel_that_keeps_failing_is_left_alone_for_a_while(told: Told) -> None:
    """Each of its time-outs would hold up the others."""
    told.down = {"mail"}
    for number in range(5):
        told.alarm(f"TAMPER_{number}")
    told.send()
    assert (told.tried.count("mail"), told.tried.count("hook")) == (3, 5)
    told.down = set()
    told.county.clock.forward(31)
    told.send()
    assert [name for name, _event, _kind in told.got].count("mail") == 5


def test_what_waits_for_a_channel_that_is_left_alone_has_lost_no_try(told: Told) -> None:
    told.down = {"mail"}
    for number in range(4):
        told.alarm(f"TAMPER_{number}")
    told.send()
    (waits,) = [row for row in told.rows() if row.channel == "mail" and not row.tries]
    assert waits.next_at == told.county.clock() + breaker.PAUSE_MS


def test_who_says_no_is_not_away_and_the_next_is_tried(told: Told) -> None:
    said = [SMTPRecipientsRefused({}), SMTPRecipientsRefused({}), SMTPRecipientsRefused({})]

    def way(body: dict[str, Any]) -> None:
        if said:
            raise said.pop()
        told.got.append(("mail", body["event"], body["kind"]))

    told.herald = Herald(told.county.ground, {"log": to_log, "mail": way, "hook": to_log})
    for number in range(4):
        told.alarm(f"TAMPER_{number}")
    told.send()
    assert len(told.got) == 1


def test_after_many_tries_it_is_parked_and_kept(told: Told) -> None:
    told.down = {"mail"}
    told.alarm()
    for _ in range(notices.PARKED_AFTER + 3):
        told.send()
        told.county.clock.forward(3601)
    given_up = select(Notice).where(Notice.next_at.is_(None), Notice.sent_at.is_(None))
    (parked,) = told.county.ask(lambda unit: list(unit.db.scalars(given_up)))
    assert (parked.channel, parked.tries) == ("mail", notices.PARKED_AFTER)


def test_a_herald_that_dies_leaves_its_notice_to_the_next(told: Told) -> None:
    told.alarm()
    for _ in range(3):
        assert told.county.do(notices.claim) is not None
    assert told.county.do(notices.claim) is None
    told.county.clock.forward(notices.HELD_S + 1)
    told.send()
    assert len(told.got) == 3


def test_quiet_hours_hold_back_what_is_no_danger(told: Told) -> None:
    told.county.clock.forward(8 * 3600)  # midnight in China
    told.alarm("JOURNAL_FULL")
    told.alarm("GAS_WARN")
    told.send()
    assert {kind for _name, _event, kind in told.got} == {"GAS_WARN"}
    told.county.clock.forward(7 * 3600)
    told.send()
    assert {kind for _name, _event, kind in told.got} == {"GAS_WARN", "JOURNAL_FULL"}


@pytest.mark.parametrize("days", [90, 30, 7])
def test_each_mark_before_a_certificates_end_is_told_once_on_each_channel(
    told: Told, days: int
) -> None:
    county = told.county
    county.welder(county.enterprise(), valid_to=county.day(days), review_by="")
    for _ in range(2):
        county.do(papers.sweep)
        told.deliver()
        told.send()
    event = ("certificate-near-end", "CERTIFICATE_NEAR_END")
    assert sorted(told.got) == [(name, *event) for name in ("hook", "log", "mail")]
    body = told.rows()[0].body
    names = {"event", "kind", "level", "certificate", "person", "enterprise", "issuer", "days"}
    assert (set(body), body["days"]) == (names | {"district", "at", "id"}, days)


NUMBER = "13900000001"


def texts(told: Told) -> list[tuple[str, str]]:
    """What left as text messages: (number, words)."""
    got: list[tuple[str, str]] = []
    told.county.ground.text = lambda *message: got.append(message)
    told.send()
    return got


def test_the_welder_gets_a_text_message_at_each_mark_and_no_second_notice(told: Told) -> None:
    county = told.county
    welder = county.person("welder", phone=NUMBER)
    county.certificate(welder, valid_to=county.day(30), review_by="")
    county.do(papers.sweep)
    while outbox.deliver(county.ground, handlers()):
        pass
    ((number, words),) = texts(told)
    assert number == NUMBER and "30 天" in words
    assert {event for _name, event, _kind in told.got} == {"certificate-near-end"}


@pytest.mark.parametrize("status", ["suspended", "revoked"])
def test_a_certificate_that_is_no_good_is_not_warned_of(told: Told, status: str) -> None:
    county = told.county
    county.welder(county.enterprise(), valid_to=county.day(30), review_by="", status=status)
    assert county.do(papers.sweep) == 0


def test_an_unsafe_machine_is_told_to_its_enterprise_and_whoever_is_at_work(told: Told) -> None:
    county = told.county
    firm = county.enterprise()
    machine = county.machine(firm)
    county.person("enterprise", enterprise_id=firm.id, phone=NUMBER)
    office = county.person("office", district="99")

    def found(unit: Any) -> None:
        soundness.find(unit, machines.get(unit, machine.id), office, "unsafe", "电缆破损")

    county.do(found)
    told.deliver()
    ((number, words),) = texts(told)
    assert number == NUMBER and machine.code in words
    event = ("machine-unsafe", "MACHINE_UNSAFE")
    assert sorted(told.got) == [(name, *event) for name in ("hook", "log", "mail")]


def test_the_welder_at_work_with_an_unsafe_machine_gets_a_text_message_and_no_other_welder(
    told: Told,
) -> None:
    site = make_site(told.county, [], "HM-990101-000001")
    office = told.county.person("office", district="99")
    told.county.person("welder", enterprise=site.enterprise, phone="13800138001")
    welder = told.county.person("welder", enterprise=site.enterprise, phone=NUMBER)
    told.county.certificate(welder)
    job = site.apply(welder)

    def found(unit: Any) -> None:
        soundness.find(unit, machines.get(unit, site.machine.id), office, "unsafe", "电缆破损")

    told.county.do(found)
    assert site.state(job) == "cancelled"
    told.deliver()
    ((number, words),) = texts(told)
    assert number == NUMBER and "请立即停止使用" in words


def test_the_first_checkpoint_of_a_day_leaves_whole_by_mail_and_hook(told: Told) -> None:
    county = told.county
    county.do(audit.write, "990101", "someone", "job.applied", "job-1", {})
    county.do(checkpoints.sweep)
    told.deliver()
    (path,) = checkpoints.files(county.ground.settings.data_dir)
    left = {row.channel: row.body for row in told.rows()}
    for way in ("mail", "hook"):
        assert left[way]["checkpoint"] == path.read_text()
        assert checkpoints.read(left[way]["checkpoint"]).digest == left[way]["digest"]
    assert left["log"]["digest"] == left["hook"]["digest"]
    assert "checkpoint" not in left["log"]


def test_without_addresses_there_is_only_the_log(settings: Any) -> None:
    assert notices.channels(settings) == ["log"]


def test_the_log_has_one_line(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        to_log({"event": "alarm-raised"})
    assert [record.message for record in caplog.records] == ['notice {"event":"alarm-raised"}']


class Postman(StreamRequestHandler):
    """As much of a mail server as takes one mail; its lines go to the server's `got`.

    With a certificate (`server.papers`) it is secure at once or offers STARTTLS, and takes any
    password.
    """

    def setup(self) -> None:
        self.safe = self.server.papers is not None and self.server.at_once
        if self.safe:
            self.request = self.server.papers.wrap_socket(self.request, server_side=True)
        super().setup()

    def handle(self) -> None:
        self.wfile.write(b"220 demo\r\n")
        inside = False
        while line := self.rfile.readline():
            self.server.got.append(line)
            word = line.strip().upper()
            if inside and word != b".":
                continue
            inside = word == b"DATA"
            if word == b"STARTTLS":
                self.wfile.write(b"220 go\r\n")
                self.request = self.server.papers.wrap_socket(self.request, server_side=True)
                super().setup()
                self.safe = True
                continue
            if word == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            self.wfile.write(self._answer(word, inside))

    def finish(self) -> None:
        super().finish()
        self.request.close()  # the server knows only the one below

    def _answer(self, word: bytes, inside: bool) -> bytes:
        if word.startswith(b"EHLO") and self.server.papers:
            return (
                b"250-demo\r\n250 AUTH PLAIN\r\n" if self.safe else b"250-demo\r\n250 STARTTLS\r\n"
            )
        if word.startswith(b"AUTH"):
            return b"235 ok\r\n"
        return b"354 go\r\n" if inside else b"250 ok\r\n"


class Office(ThreadingTCPServer):
    """Where the postman works; a client that hangs up on his certificate is no news."""

    def __init__(self, papers: ssl.SSLContext | None = None, at_once: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), Postman)
        self.papers, self.at_once, self.got = papers, at_once, []

    def __enter__(self) -> Any:
        self.thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.thread.join()
        self.server_close()

    def handle_error(self, *_: object) -> None:
        pass


_CERTIFICATE = {"certificate": "c1", "days": 7, "district": "990101001"}
_ALARM = {"alarm": "a1", "duty": "990101", "district": "990101001"}
_CHECKPOINT = {"checkpoint": "{}", "number": 7, "digest": "00ff"}


@pytest.mark.parametrize(
    ("told", "words", "address"),
    [
        (_CERTIFICATE, "操作证还有 7 天到期或应复审", "{base}/registers/certificates/c1"),
        (_ALARM, "告警 TAMPER，级别 2，辖区 990101", "{base}/alarms/a1"),
        (_CHECKPOINT, "审计链存证点第 7 号，摘要 00ff", "hanma audit verify --checkpoint"),
    ],
)
def test_a_mail_says_what_it_is_about_and_where_to_look(
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    told: dict[str, Any],
    words: str,
    address: str,
) -> None:
    monkeypatch.setattr("cloud.notify.channels._TIMEOUT_S", 60)
    with Office() as server:
        where = f"smtp://127.0.0.1:{server.server_address[1]}"
        to = replace(settings, notify_mail=where, notify_mail_to="duty@example.org")
        channels(to, lambda: 0)["mail"]({"event": "e", "kind": "TAMPER", "level": 2} | told)
    mail = message_from_bytes(b"".join(server.got[server.got.index(b"data\r\n") + 1 :]))
    text, *beside = mail.get_payload() if mail.is_multipart() else [mail]
    said = text.get_payload(decode=True).decode()
    assert words in said and address.format(base=settings.base_url) in said
    attached = [(one.get_filename(), one.get_payload(decode=True)) for one in beside]
    assert attached == ([("00000007-00ff.json", b"{}")] if "checkpoint" in told else [])


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("trusted", [True, False])
def test_a_password_goes_only_to_a_server_with_a_good_certificate(
    settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, trusted: bool, at_once: bool
) -> None:
    monkeypatch.setattr("cloud.notify.channels._TIMEOUT_S", 60)
    authority = Authority(tmp_path)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", authority.file)
    papers = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    papers.load_cert_chain(*authority.issue("mail"))
    with Office(papers, at_once) as server:
        scheme, port = "smtps" if at_once else "smtp", server.server_address[1]
        where = f"{scheme}://duty:demo@localhost:{port}"
        to = replace(settings, notify_mail=where, notify_mail_to="duty@example.org")
        send = channels(to, lambda: 0)["mail"]
        body = {"event": "e", "kind": "TAMPER", "level": 2} | _ALARM
        if trusted:
            send(body)
        else:
            with pytest.raises(ssl.SSLCertVerificationError):
                send(body)
    said = b"".join(server.got)
    assert (b"AUTH PLAIN" in said, b"TAMPER" in said) == (trusted, trusted)


def test_a_password_is_not_said_to_a_server_without_tls(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloud.notify.channels._TIMEOUT_S", 60)
    with Office() as server:
        where = f"smtp://duty:demo@127.0.0.1:{server.server_address[1]}"
        to = replace(settings, notify_mail=where, notify_mail_to="duty@example.org")
        with pytest.raises(SMTPNotSupportedError):
            channels(to, lambda: 0)["mail"]({"event": "e", "kind": "TAMPER", "level": 2} | _ALARM)
    assert b"AUTH" not in b"".join(server.got)


@pytest.mark.parametrize(("status", "good"), [(204, True), (302, False), (500, False)])
def test_a_hook_is_signed_and_only_2xx_counts(settings: Any, status: int, good: bool) -> None:
    asked = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append((self.headers, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.send_header("Location", "http://127.0.0.1:1/")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/in"
        ways = channels(replace(settings, notify_hook=url, notify_secret="made-up"), lambda: 5)
        try:
            ways["hook"]({"id": 7})
            taken = True
        except OSError:
            taken = False
        thread.join()
    assert taken == good
    ((headers, raw),) = asked
    assert json.loads(raw) == {"id": 7}
    text = f"{headers['X-HM-Timestamp']}\n{hashlib.sha256(raw).hexdigest()}".encode()
    assert headers["X-HM-Signature"] == hmac.new(b"made-up", text, "sha256").hexdigest()
