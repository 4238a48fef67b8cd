"""Text messages leave in a thread of their own: to the console, or by a signed web-hook."""

import json
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from cloud.base.settings import BadSettings, Settings
from cloud.notify import texts
from cloud.notify.channels import signature
from cloud.notify.texts import Texter

PHONE = "13800138000"


@pytest.fixture
def texter(settings, clock):
    made = []

    def make(way=None, **given):
        made.append(Texter(replace(settings, **given), clock, way))
        made[-1].start()
        return made[-1]

    yield make
    for one in made:
        one.stop()


def test_the_console_is_the_default_and_masks_the_number(texter, capsys):
    said = threading.Event()

    def way(*told):
        texts.to_console(*told)
        said.set()

    texter(way).text(PHONE, "made-up words")
    assert said.wait(60)
    told = capsys.readouterr().err
    assert "made-up words" in told and PHONE not in told


def test_the_hook_gets_a_signed_post(texter):
    got, came = [], threading.Event()

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((self.headers["X-HM-Timestamp"], self.headers["X-HM-Signature"], body))
            self.send_response(204)
            self.end_headers()
            came.set()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/sms"
        texter(sms_hook=url, sms_secret="made-up-key").text(PHONE, "made-up words")
        assert came.wait(60)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    stamp, signed, body = got[0]
    assert signed == signature("made-up-key", int(stamp), body)
    told = json.loads(body)
    assert told.pop("id") and told == {"phone": PHONE, "text": "made-up words"}


def test_what_is_not_taken_is_tried_again_with_the_same_id(texter, monkeypatch, caplog):
    monkeypatch.setattr(texts, "_PAUSE_S", 0.01)
    ids, enough = [], threading.Event()

    def way(id, number, words):
        ids.append(id)
        if len(ids) == 3:
            enough.set()
        raise OSError(number)

    texter(way).text(PHONE, "made-up words")
    assert enough.wait(60)
    assert len(set(ids)) == 1
    assert PHONE not in caplog.text


def test_a_hook_without_a_key_is_refused():
    with pytest.raises(BadSettings, match="HANMA_SMS_SECRET"):
        Settings.from_env({"HANMA_SMS_HOOK": "http://127.0.0.1:1/"})
