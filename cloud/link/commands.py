"""Commands to terminals: one way out, and what became of each.

    made ──► sent ──► done | refused | timed_out ──► reconciled
      └──────┴──► replaced (tried once more under a new id)

A command leaves after the commit that made it. Whatever is still unanswered two seconds later is
handed over once more (`sent`), so a process that died in between loses nothing: a terminal gives
the same id the same answer and moves nothing. A late answer is believed, whatever was thought
meanwhile. Events: `command-done`, `command-refused`, `command-timed-out`.

An upgrade is a whole conversation (`$ota`), which upgrades.py leads: its row has the same life,
and of one terminal's only the latest is open.
"""

import json
from typing import Any

from sqlalchemy import Index, bindparam, delete, literal_column, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base
from cloud.base.ids import new_id
from cloud.base.rows import Rows
from cloud.base.unit import Unit
from cloud.book import outbox
from cloud.link import reckoning, terminals, wire
from cloud.link.terminals import Terminal

OPEN = ("made", "sent")
TRIED_AGAIN = ("wrong-epoch", "expired", "replayed")
TITLES = {
    ("switch", "1"): "开机",
    ("switch", "0"): "关机",
    ("say", ""): "播报",
    ("lock", ""): "锁定",
    ("unlock", ""): "解锁",
    ("alive", ""): "在线",
    ("policy", ""): "参数",
    ("locate", ""): "定位",
    ("restart", ""): "重启",
    ("snapshot", ""): "拍照",
    ("journal", ""): "记录",
    ("upgrade", ""): "升级",
}
# Of these the later word holds, and an earlier one is never said after it.
_OPPOSITES = {"switch": ("switch",), "lock": ("lock", "unlock"), "unlock": ("lock", "unlock")}
# Not handed over again, nor timed out, by what does so for the others.
_LED_ELSEWHERE = ("alive", "upgrade")
AGAIN_MS = 2_000
_PURPOSE = "command.content"


class TerminalDark(Exception):
    """No command can be made: the terminal is unknown, revoked, or never told which boot it is."""


class Command(Base):
    """One command. `of` = id of the first try, `born_at` = when that was made, `epoch` = for
    which boot; `private` content is sealed and erased when it has served."""

    __tablename__ = "command"

    id: Mapped[str] = mapped_column(primary_key=True)
    device: Mapped[str]
    name: Mapped[str]
    code: Mapped[str]
    title: Mapped[str]
    job: Mapped[str | None]
    content: Mapped[str]
    private: Mapped[bool]
    epoch: Mapped[str | None]
    n: Mapped[int]
    state: Mapped[str]
    message: Mapped[str] = mapped_column(default="")
    tries: Mapped[int]
    of: Mapped[str]
    born_at: Mapped[int]
    made_at: Mapped[int]
    sent_at: Mapped[int | None]
    answered_at: Mapped[int | None]


# Spelled out, not bound: a database uses a partial index only for a condition it can read.
IS_OPEN = Command.state.in_([literal_column(f"'{state}'") for state in OPEN])
Index("ix_command_open", Command.device, sqlite_where=IS_OPEN, postgresql_where=IS_OPEN)
# Each terminal has an open `alive`; what is handed over again or timed out is found beside them.
_LEFT_HERE = Command.name.not_in([literal_column(f"'{name}'") for name in _LED_ELSEWHERE])
_WAITS = IS_OPEN & _LEFT_HERE
Index("ix_command_waiting", Command.made_at, sqlite_where=_WAITS, postgresql_where=_WAITS)
Index("ix_command_device", Command.device, Command.name, Command.n)
Index("ix_command_made_at", Command.made_at)
_OPEN_AT = Rows(
    select(Command).where(Command.device == bindparam("device"), IS_OPEN).order_by(Command.n)
)
_LAST_ALIVE = (
    delete(Command)
    .where(Command.device == bindparam("device"), Command.name == "alive")
    .execution_options(synchronize_session=False)
)


def issue(
    unit: Unit,
    device: str,
    name: str,
    *,
    code: str = "",
    title: str = "",
    content: dict[str, Any],
    private: bool = False,
) -> Command:
    """Make a command and send it after the commit; TerminalDark if it could not be obeyed.

    The terminal may obey it for `settings.command_life_s` from now, not longer (an `off` for the
    job that runs and a `lock` hold whenever they arrive). NotCanonical, TooLong: see wire.py.
    """
    row = terminals.locked(unit, device)
    if row is None or not reckoning.commandable(row):
        raise TerminalDark(device)
    title = title or TITLES.get((name, code), name)
    command = Command(id=new_id(), name=name, code=code, title=title, private=private)
    command.of, command.born_at, command.tries = command.id, unit.now, 1
    return _make(unit, row, command, content)


def converse(unit: Unit, device: str, name: str, content: dict[str, Any]) -> Command:
    """A command that is said in a conversation of its own: a row to `follow`, nothing is sent."""
    command = Command(id=new_id(), device=device, name=name, code="", title=TITLES[name, ""])
    command.of, command.tries, command.n, command.private = command.id, 1, 0, False
    command.born_at = command.made_at = unit.now
    command.state, command.content = "made", json.dumps(content, ensure_ascii=False)
    unit.db.add(command)
    return command


def follow(unit: Unit, id: str, state: str, message: str = "") -> None:
    """Such a conversation has come so far; nothing where its row has been erased since."""
    command = unit.db.get(Command, id)
    if command is None:
        return
    if state == "sent" and command.sent_at is None:
        command.sent_at = unit.now
    if state in ("done", "refused", "reconciled"):
        command.answered_at = unit.now
    command.state, command.message = state, message


def pending(unit: Unit, device: str, job: str, code: str) -> Command | None:
    """The switch command for this job that still waits for its answer."""
    for command in _open(unit, device):
        if (command.name, command.code, command.job) == ("switch", code, job):
            return command
    return None


def waiting(unit: Unit, device: str, name: str, version: int) -> Command | None:
    """The command of this name and version that still waits for its answer."""
    for command in _open(unit, device):
        if command.name == name and carried(unit, command).get("version") == version:
            return command
    return None


def latest(unit: Unit, device: str, *names: str) -> Command | None:
    """The last command of these names."""
    rows = select(Command).where(Command.device == device, Command.name.in_(names))
    return unit.db.scalar(rows.order_by(Command.n.desc()).limit(1))


def answered(unit: Unit, row: Terminal, answer: wire.Answer) -> str:
    """Take in an answer to one of our commands, however late and however often.

    Gives `answer`, or a word for what was wrong with it: `no-such-command`, `bad-mac`.
    """
    command = unit.db.get(Command, answer.id, with_for_update=True)
    if command is None or command.device != row.device:
        return "no-such-command"
    told = answer.result
    if row.signed:
        secret = terminals.opened(unit, row)
        if not wire.good_receipt(secret, row.device, answer.id, answer.code, told):
            return "bad-mac"
    elif answer.success and command.name == "switch":
        told = {"relay": int(command.code)} | told
    before = (row.relay, row.mode)
    running = command.job if command.code == "1" else None
    current = terminals.answered(unit, row, told, asked_in=command.epoch, job=running)
    if current:
        terminals.seen(unit, row)
    told_of = _conclude(unit, row, command, answer, current)
    if not told_of and (row.relay, row.mode) != before:
        outbox.tell(unit, "terminal-beat", row.device, reckoning.news(row, arc=row.arc))
    restarted(unit, row)
    return "answer"


def restarted(unit: Unit, row: Terminal) -> None:
    """Settle what is still open for a boot that is over.

    `off` and `lock` are tried again under the present boot. `on` is not: it may have been obeyed
    before the restart, and after one the relay stays open until the welder presses again.
    """
    # Whatever this unit itself has made is of the present boot.
    for command in _OPEN_AT.as_written(unit.db, device=row.device):
        if command.epoch == row.epoch or command.name == "upgrade" or command.state not in OPEN:
            continue
        safe = command.name == "lock" or (command.name, command.code) == ("switch", "0")
        if not (safe and _tried_again(unit, row, command)):
            _timed_out(unit, row, command, "restarted")


def came_back(unit: Unit, row: Terminal) -> None:
    """It logged in again in the same boot: what it was told meanwhile may have met nobody.

    Handed over once more; what it has obeyed it answers as before, and moves nothing.
    """
    for command in _open(unit, row.device):
        mine = command.epoch == row.epoch and command.name not in _LED_ELSEWHERE
        if mine and not _superseded(unit, command):
            unit.send(command.device, _body(unit, command))


def reconcile(unit: Unit, row: Terminal) -> None:
    """A word from the terminal shows that its latest timed-out switch command was obeyed."""
    command = latest(unit, row.device, "switch")
    if command is None or command.state != "timed_out" or row.relay != int(command.code):
        return
    if command.code == "0" or row.job == command.job:
        command.state = "reconciled"


def sweep(unit: Unit) -> int:
    """Hand over again what waits, time out what waited too long; how many were touched."""
    again, late = unit.now - AGAIN_MS, unit.now - unit.settings.command_timeout_s * 1000
    # An `alive` is answered only when asked, and the next one follows with the next heartbeats:
    # handed over again it would be refused as a replay, and stand in the terminal's journal.
    soonest = 2 * unit.now - late  # made later than that: by a clock that was put back since
    due = or_(Command.made_at <= again, Command.made_at > soonest)
    waiting = select(Command).where(_WAITS, due).order_by(Command.made_at)
    touched = 0
    for command in list(unit.db.scalars(waiting.limit(500))):
        row = terminals.locked(unit, command.device)
        # Answered while we waited for the terminal's row?
        unit.db.get(Command, command.id, populate_existing=True)
        if row is None or command.state not in OPEN:
            continue
        if not late < command.made_at <= soonest:
            _timed_out(unit, row, command, "timeout")
            touched += 1
        elif command.state == "made" and row.status == "active" and not _superseded(unit, command):
            command.state, command.sent_at = "sent", unit.now
            unit.send(command.device, _body(unit, command))
            touched += 1
    return touched


def alive(unit: Unit, device: str, ask: bool = False) -> Command:
    """Let a terminal hear a good mac from us; `ask`: its answer tells its `up` under its own.

    One row per terminal: a new one takes the place of the last. TerminalDark as `issue`.
    """
    with unit.db.no_autoflush:  # else the terminal's row is written by itself first
        unit.db.execute(_LAST_ALIVE, {"device": device})
    return issue(unit, device, "alive", content={"ask": 1} if ask else {})


def _make(unit: Unit, row: Terminal, command: Command, content: dict[str, Any]) -> Command:
    """Fill in what only this moment knows, keep the command, and send it after the commit."""
    command.device, command.epoch, command.job = row.device, row.epoch, content.get("job")
    command.n, command.made_at, command.state = terminals.take_n(unit, row), unit.now, "made"
    full = content | {"n": command.n, "iat": unit.now}
    up = reckoning.up_now(row, unit.now)
    if row.epoch is not None and up is not None:
        full |= {"epoch": row.epoch, "x": up + _life_left(unit, command)}
    full = wire.sign_command(
        terminals.opened(unit, row), row.device, command.id, command.name, command.code, full
    )
    text = json.dumps(full, ensure_ascii=False)
    command.content = unit.keys.seal(text.encode(), _PURPOSE) if command.private else text
    unit.db.add(command)
    light = command.name == "alive" and "ask" not in content
    unit.send(row.device, _body(unit, command), light)
    return command


def _life_left(unit: Unit, command: Command) -> int:
    """How long it may still be obeyed, ms: `on` counts from the press, not from the last try."""
    life = unit.settings.command_life_s * 1000
    is_on = (command.name, command.code) == ("switch", "1")
    return life - (unit.now - command.born_at) if is_on else life


def _conclude(
    unit: Unit, row: Terminal, command: Command, answer: wire.Answer, current: bool
) -> bool:
    """Move the command to its end, or try it again; whether an event tells of it."""
    if command.state not in (*OPEN, "timed_out", "reconciled"):
        return False
    again = command.state in OPEN and answer.message in TRIED_AGAIN and not answer.success
    command.answered_at, command.message = unit.now, answer.message
    if again and _tried_again(unit, row, command):
        return False
    command.state = "done" if answer.success else "refused"
    _forget(command)
    return current and _tell(unit, row, command, f"command-{command.state}")


def _tried_again(unit: Unit, row: Terminal, command: Command) -> bool:
    """Make the command once more under a new id, with what the terminal just told."""
    if command.tries > 1 or _life_left(unit, command) <= 0 or _superseded(unit, command):
        return False
    said = carried(unit, command)
    command.state = "replaced"
    _forget(command)
    kept = ("name", "code", "title", "private", "of", "born_at")
    again = Command(id=new_id(), tries=2, **{name: getattr(command, name) for name in kept})
    bare = {k: v for k, v in said.items() if k not in wire.SIGNED_FIELDS}
    _make(unit, row, again, bare)
    return True


def _superseded(unit: Unit, command: Command) -> bool:
    """Whether a later one undid it: an old `on` must never follow a new `off`, nor an old `lock`
    a new `unlock`."""
    if command.name not in _OPPOSITES:
        return False
    last = latest(unit, command.device, *_OPPOSITES[command.name])
    return last is not None and last.n > command.n


def _open(unit: Unit, device: str) -> list[Command]:
    return _OPEN_AT.all(unit.db, device=device)


def _timed_out(unit: Unit, row: Terminal, command: Command, why: str) -> None:
    command.state, command.message = "timed_out", why
    _forget(command)
    terminals.doubt(row)
    _tell(unit, row, command, "command-timed-out")


def _tell(unit: Unit, row: Terminal, command: Command, kind: str) -> bool:
    if command.name == "alive":
        return False
    told = ("device", "name", "code", "job", "message")
    details = {name: getattr(command, name) for name in told}
    outbox.tell(unit, kind, command.id, details | {"relay": row.relay, "mode": row.mode})
    return True


def carried(unit: Unit, command: Command) -> dict[str, Any]:
    """What it carries, signed fields and all; private content only until it has served."""
    text = command.content
    if command.private:
        text = unit.keys.open(text, _PURPOSE).decode()
    return dict(json.loads(text))


def _body(unit: Unit, command: Command) -> bytes:
    said = carried(unit, command)
    return wire.command_body(command.id, command.name, command.code, command.title, said)


def _forget(command: Command) -> None:
    if command.private:
        command.content = ""
