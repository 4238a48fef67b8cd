"""Which ticket from a phone may be obeyed (protocol page, section 2). Pure.

A ticket is `base64url(JSON) "." base64url(mac)`, and `"." secret` after it where the fire watch's
phone gave one. Every answer is '' (good) or one stable word.
"""

import hashlib
import json
from binascii import a2b_base64, b2a_base64, hexlify
from collections import namedtuple

from terminal import mac
from terminal.plain import is_count

TEXT_MAX = 768
_TURN_MS = 60000
_WINDOW = 64
_KEPT = 4
_LIFE_MS = 43200000
_TEXTS = {"d": 128, "act": 8, "job": 64, "who": 64, "ch": 16, "fw": 64}
_LEASE_MAX_S = {"on": 43200, "off": 0, "test": 60, "service": 43200, "here": 0}

Ticket = namedtuple(
    "Ticket", ("id", "act", "job", "who", "lease_s", "iat", "exp", "ch", "n", "fw")
)
"""`lease_s` is what is left of it; `ch` '' or `n` 0: which of them it lacks; times in epoch ms."""


class Tickets:
    """Judges the tickets for one terminal. The caller first asks `judge`, then looks at what else
    may stand against it (ended job, lock, gas, relay), then calls `spend`, then moves the relay.

    `random(count)` gives bytes. `memory.tickets` is a text kept in flash: the highest number, the
    window of 64 below it, then number, started minutes and ticket id of the lease that resumes.
    """

    def __init__(self, device, secret, random, memory):
        self._device = device
        self._key = mac.derive(secret, "ticket")
        self._random = random
        self._memory = memory
        kept = (memory.tickets or "0 0 0 ").split(" ")
        self._highest, self._seen, self._minutes = [int(part) for part in kept[:3]]
        self._lease = kept[3]  # the id of the numbered ticket whose lease may be resumed
        self._job, self._minute_up = "", 0
        self._present, self._before, self._turned = self._fresh(), "", 0
        self._used = []  # ids of the last tickets with a challenge
        self._answers = []

    # the challenge -------------------------------------------------------------------

    def challenge(self, up):
        """16 hex letters that a ticket for right now must carry."""
        turns = (up - self._turned) // _TURN_MS
        if turns > 0:
            self._before = self._present if turns == 1 else ""
            self._present = self._fresh()
            self._turned += turns * _TURN_MS
        return self._present

    def _fresh(self):
        return hexlify(self._random(8)).decode()

    # judging -------------------------------------------------------------------------

    def judge(self, text, up, now_ms=0, tickets_from=0):
        """(word, ticket): `ticket` is there when its mac is good, also where it is refused.

        `now_ms`: the earliest possible now, 0 = not known. Numbers below `tickets_from` are void.
        """
        parts = text.split(".", 3) if len(text) <= TEXT_MAX else ()
        content = _read(parts[0]) if len(parts) in (2, 3) else None
        if content is None:
            return "malformed", None
        if content.get("d") != self._device:
            return "wrong-device", None
        body = a2b_base64(_padded(parts[0]))
        if not mac.same(_base64url(mac.hmac_sha256(self._key, body)[:16]), parts[1]):
            return "bad-mac", None
        ticket = self._ticket(_id(parts[0] + "." + parts[1]), content, now_ms)
        if ticket.fw and not mac.same(ticket.fw, _digest(parts[2] if len(parts) == 3 else "")):
            return "fire-watch", ticket
        word = self._number(ticket) if ticket.n else self._fresh_enough(ticket, up)
        if word:
            return word, ticket
        if now_ms > ticket.exp:
            return "expired", ticket
        return "void" if ticket.n and ticket.n < tickets_from else "", ticket

    def _ticket(self, id, content, now_ms):
        lease_s, iat, ends = content.get("lease_s", 0), content.get("iat", 0), content["exp"]
        if id == self._lease:
            lease_s = max(0, lease_s - self._minutes * 60)
        if content.get("n"):  # nothing that was taken along outlasts what it was given for
            lease_s = min(lease_s, max(1, (ends - max(now_ms, iat)) // 1000))
        values = [content.get(name, "") for name in ("act", "job", "who")]
        numbers = (lease_s, iat, ends)
        more = (content.get("ch", ""), content.get("n", 0), content.get("fw", ""))
        return Ticket(id, *values, *numbers, *more)

    def _fresh_enough(self, ticket, up):
        self.challenge(up)
        if ticket.ch not in (self._present, self._before):
            return "stale-challenge"
        return "used" if ticket.id in self._used else ""

    def _number(self, ticket):
        below = self._highest - ticket.n
        if below < 0 or (below < _WINDOW and not self._seen >> below & 1):
            return ""
        return "" if ticket.id == self._lease and ticket.lease_s else "used"

    # spending ------------------------------------------------------------------------

    def spend(self, ticket, up):
        """The ticket is about to be obeyed: its number is in flash when this returns."""
        if ticket.n:
            rise = max(0, ticket.n - self._highest)
            self._highest += rise
            self._seen = (self._seen << min(rise, _WINDOW)) & ((1 << _WINDOW) - 1)
            self._seen |= 1 << self._highest - ticket.n if ticket.id != self._lease else 0
            if ticket.act == "on":
                # a minute that has begun is spent, so that no power cut gives time back
                self._minutes = 1 + (self._minutes if ticket.id == self._lease else 0)
                self._lease, self._job, self._minute_up = ticket.id, ticket.job, up
            self._flush()
        else:
            self._used = self._used[1 - _KEPT :] + [ticket.id]
        self._before, self._present, self._turned = self._present, self._fresh(), up

    def worked(self, job, up):
        """Called at least each second with the job that runs: counts the minutes of its lease."""
        if job != self._job:
            self._job = ""
        minutes = (up - self._minute_up) // 60000
        if self._job and minutes > 0:
            self._minutes += minutes
            self._minute_up += minutes * 60000
            self._flush()

    def _flush(self):
        kept = (self._highest, self._seen, self._minutes, self._lease)
        self._memory.tickets = "%d %d %d %s" % kept

    # receipts ------------------------------------------------------------------------

    def receipt(self, ticket, word, authority, up, relay):
        """What the phone carries to the cloud; the last ones are kept, see `answered`."""
        code = 500 if word else 200
        told = {"d": self._device, "id": ticket.id, "act": ticket.act, "job": ticket.job}
        told.update(authority.standing(ticket.id, up, code, relay), code=code, word=word)
        if not word:
            self._answers = self._answers[1 - _KEPT :] + [told]
        return told

    def answered(self, id):
        """The receipt that this ticket got when it was obeyed since the start, or None."""
        for told in self._answers:
            if told["id"] == id:
                return told
        return None


# form ------------------------------------------------------------------------------------


def _read(part):
    """The ticket's fields, or None for what has not the form of a ticket."""
    try:
        body = a2b_base64(_padded(part))
        content = json.loads(body)
    except (ValueError, UnicodeError, MemoryError, RuntimeError):  # the last one: too deep
        return None
    if not isinstance(content, dict) or _base64url(body) != part or content.get("v") != 1:
        return None  # one spelling only: a second one would be a second ticket
    return content if _is_plain(content) and _makes_sense(content) else None


def _is_plain(content):
    """Whether texts are texts and numbers numbers, none too large."""
    for name in _TEXTS:
        value = content.get(name, "")
        if not isinstance(value, str) or len(value) > _TEXTS[name]:
            return False
    return all([is_count(content.get(name, 0)) for name in ("iat", "exp", "lease_s", "n")])


def _makes_sense(content):
    act, lease_s = content.get("act"), content.get("lease_s", 0)
    most = _LEASE_MAX_S.get(act)
    if most is None or lease_s > most or bool(lease_s) != bool(most):
        return False
    if not content.get("job") and act in ("on", "off", "here"):
        return False
    iat, ch = content.get("iat", 0), content.get("ch", "")
    if not iat < content.get("exp", 0) <= iat + _LIFE_MS:
        return False
    return bool(content.get("n")) != bool(ch) and len(ch) in (0, 16)


def _padded(part):
    """In the other alphabet, with its padding."""
    return part.replace("-", "+").replace("_", "/") + "=" * (-len(part) % 4)


def _base64url(data):
    text = b2a_base64(data).decode().strip().rstrip("=")
    return text.replace("+", "-").replace("/", "_")


def _digest(text):
    return hexlify(hashlib.sha256(text.encode()).digest()).decode()


def _id(text):
    return _digest(text)[:32]
