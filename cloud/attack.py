"""`hanma attack`: the security run. What is tried stands in tests/security/README.md, each attack
with the tests that carry it out; here they are run and told one by one, with TLS as `openssl`
sees it, bandit, and pip-audit where the network allows.

It works from a checkout: an installation has neither the tests nor their tools.
"""

import datetime
import ipaddress
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from cloud.base.clock import now_ms
from cloud.bench import machine, mosquitto
from cloud.mqtt import mosquitto as files
from cloud.mqtt.broker import Broker, Secure, tls_context
from cloud.mqtt.login import Doorkeeper

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "tests" / "security" / "README.md"
_ROW = re.compile(r"^\| (X\d+) \| ([^|]+) \|(.*)\|$", re.M)
_TEST = re.compile(r"`(tests/[\w/.]+\.py)::(test_\w+)`")
_RESULT = re.compile(r"^(PASSED|FAILED|ERROR|SKIPPED)\s+(tests/[\w/.]+\.py)::(test_\w+)", re.M)
_SHOWN = 20_000  # of what pytest said of those that got through
_PROGRAMS = ("cloud", "release", "simulator", "flash", "hardware")
_OLD = ("-tls1", "-tls1_1")
_WEAK = "NULL:EXPORT:LOW:3DES:aNULL"


@click.command()
@click.option("--only", multiple=True, metavar="X…", help="Only these attacks (X1, X2, …).")
@click.option("--offline", is_flag=True, help="Leave out pip-audit, which asks the network.")
def attack(only: tuple[str, ...], offline: bool) -> None:
    """Try to break in: replay, forgery, theft, guessing, other people's things, bombs; TLS, parts.

    The last line is JSON: ok, attacks (how many tries, how many got through), tls, bandit,
    pip_audit.
    """
    if not TABLE.is_file():
        raise click.ClickException(
            "需要源代码目录。 A checkout is wanted: an installation has no tests."
        )
    known = listed()
    for name in only:
        if name not in known:
            raise click.BadParameter(f"没有这种攻击 no such attack: {name} ({', '.join(known)})")
    told: dict[str, Any] = {"attacks": _tried({n: known[n] for n in only or known})}
    if not only:
        told |= {"tls": tls(), "bandit": bandit()}
        told |= {"pip_audit": "left out" if offline else _pip_audit()}
    good = all(one["through"] == 0 and one["tries"] for one in told["attacks"].values())
    good = good and told.get("bandit", "clean") == "clean" and told.get("pip_audit") != "found"
    good = good and all(told.get("tls", {}).values())
    click.echo(json.dumps({"ok": good} | told, ensure_ascii=False))
    sys.exit(0 if good else 1)


def listed() -> dict[str, tuple[str, list[tuple[str, str]]]]:
    """(what, [(file, test)]) of every attack in the table."""
    rows = _ROW.findall(TABLE.read_text("utf-8"))
    return {name: (what, _TEST.findall(tests)) for name, what, tests in rows}


def _tried(attacks: dict[str, tuple[str, list[tuple[str, str]]]]) -> dict[str, dict[str, Any]]:
    """Every test of them in one run; a test that fails is an attack that got through."""
    wanted = dict.fromkeys(test for _what, tests in attacks.values() for test in tests)
    names = [f"{file}::{test}" for file, test in wanted]
    done = _run([sys.executable, "-m", "pytest", "-q", "-rA", "--no-header", *names])
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for word, file, test in _RESULT.findall(done.stdout):
        found[file, test].append(word)
    told = {}
    for name, (what, tests) in attacks.items():
        words = [word for test in tests for word in found[test] or ["ERROR"]]
        through = sum(word in ("FAILED", "ERROR") for word in words)
        told[name] = {"what": what.strip(), "tries": len(words), "through": through}
        print(f"{name} {what.strip()}: {len(words)}, {through} got through", file=sys.stderr)
    if any(one["through"] for one in told.values()):
        print(done.stdout.partition(" PASSES ")[0][-_SHOWN:], file=sys.stderr)
    return told


def tls() -> dict[str, bool]:
    """The TLS listeners of the embedded broker and, where it is installed, of the Mosquitto that
    we set up, as a stranger with `openssl s_client` finds them."""
    if shutil.which("openssl") is None:
        return {"openssl is here": False}
    with tempfile.TemporaryDirectory(prefix="hanma-tls-") as folder:
        certificate, key = _made_up_certificate(Path(folder))
        told = {}
        for name, listening in (("embedded", _embedded), ("mosquitto", _mosquitto)):
            with listening(Path(folder), certificate, key) as port:
                found = _asked(port, certificate) if port else {}
            told |= {f"{name}: {what}": right for what, right in found.items()}
        return told


@contextmanager
def _embedded(_folder: Path, certificate: Path, key: Path) -> Iterator[int]:
    context = tls_context(str(certificate), str(key), "")
    secure = Secure("127.0.0.1", 0, context)
    broker = Broker(Doorkeeper(lambda device: None, now_ms), port=0, secure=secure)
    broker.start()
    try:
        yield secure.port
    finally:
        broker.stop()


@contextmanager
def _mosquitto(folder: Path, certificate: Path, key: Path) -> Iterator[int]:
    """By the very files that `hanma broker mosquitto` writes; 0 where there is none."""
    program = mosquitto.found()
    if program is None:
        yield 0
        return
    port = mosquitto.free_port()
    listen, ours = f"127.0.0.1:{port}", f"127.0.0.1:{mosquitto.free_port()}"
    conf = folder / "mosquitto.conf"
    # Started by root it would work as another user, who cannot read this folder.
    mine = "user root\n" if os.geteuid() == 0 else ""
    conf.write_text(mine + files.conf(str(folder), listen, ours, str(certificate), str(key)))
    (folder / "rights").write_text(files.rights())
    (folder / "passwords").touch()
    for name in ("rights", "passwords"):
        (folder / name).chmod(0o600)
    with machine.running([program, "-c", str(conf)]):
        mosquitto.until_it_listens(port)
        yield port


def _asked(port: int, certificate: Path) -> dict[str, bool]:
    def let_in(*words: str) -> bool:
        asked = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-brief"]
        done = _run([*asked, "-CAfile", str(certificate), "-verify_return_error", *words])
        return "CONNECTION ESTABLISHED" in done.stdout + done.stderr

    told = {f"{one[1:]} is refused": not let_in(one, "-cipher", "ALL:@SECLEVEL=0") for one in _OLD}
    told["weak ciphers are refused"] = not let_in("-tls1_2", "-cipher", f"{_WEAK}:@SECLEVEL=0")
    told |= {f"{one[1:]} is spoken": let_in(one) for one in ("-tls1_2", "-tls1_3")}
    told["another host's name is noticed"] = not let_in("-verify_hostname", "elsewhere.example")
    return told


def _made_up_certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    alternative = x509.SubjectAlternativeName(
        [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(alternative, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pair = folder / "certificate.pem", folder / "key.pem"
    pair[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    pair[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return pair


def bandit() -> str:
    """`clean`, or the grave findings in what we wrote."""
    words = ["--quiet", "--recursive", "-lll", *_PROGRAMS]
    done = _run([sys.executable, "-W", "ignore", "-m", "bandit", *words])
    return "clean" if done.returncode == 0 else done.stdout[-1000:]


def _pip_audit() -> str:
    """`clean`, `found` (told on stderr), or why it could not be asked."""
    tools = ROOT / ".tools" / "audit"
    program = tools / "bin" / "pip-audit"
    steps: list[Callable[[], subprocess.CompletedProcess[str]]] = []
    if not program.exists():
        install = [tools / "bin" / "pip", "install", "-q", "pip-audit"]
        steps += [
            lambda: _run([sys.executable, "-m", "venv", str(tools)]),
            lambda: _run([str(word) for word in install]),
        ]
    for step in steps:
        if step().returncode:
            return "not asked: pip-audit could not be installed"
    words = ("--requirement", "setup/lock.txt", "--no-deps", "--disable-pip")
    done = _run([str(program), *words])
    if done.returncode == 0:
        return "clean"
    if "vulnerabilit" in done.stderr and "Found" in done.stderr:
        print(done.stdout, file=sys.stderr)
        return "found"
    return f"not asked: {(done.stderr.strip().splitlines() or ['?'])[-1][:200]}"


def _run(words: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
