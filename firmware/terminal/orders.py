"""What is ordered, by the cloud or by a ticket: judged, obeyed by the controller, answered."""

import asyncio

from terminal import VERSION, messages
from terminal.controller import MOVE_MS
from terminal.dialect import ANSWER

_MOVING = ("switch", "lock")  # what moves the relay is answered when it has moved
_CARRIED = 1400  # bytes of journal in one parcel for a phone
_STALE = ("wrong-epoch", "replayed", "expired")  # a good mac, but who knows from when
_UNPROVEN = ("bad-mac", "malformed")  # said of what need not come from the cloud at all


class Orders:
    """`terminal` is the composition, whose parts these orders move (see app.py)."""

    def __init__(self, terminal):
        self._t = terminal
        self._moving = []  # ids of switch commands whose relay is on its way

    def down(self, id, body):
        """One message from the cloud. Runs to the relay without a pause."""
        try:
            message = messages.read_down(body, id)
        except messages.Malformed as error:
            print("hanma malformed", error)
            if error.id:
                self._reply(error.id, "", "malformed", False)
            return
        if isinstance(message, messages.Event):
            self._t.told(message)
        else:
            self._command(message)

    def _command(self, command):
        t, up = self._t, self._t.up_ms()
        refusal = t.authority.judge(command, up, t.controller.job)
        proven = refusal not in _UNPROVEN
        if proven and t.identity.signed:
            fresh = refusal not in _STALE and command.content["epoch"] == t.authority.epoch
            t.told_time(command.content["iat"], up, fresh)
            if fresh:
                t.heard(up)
        if proven and self._said_before(command.id):
            return
        if not refusal:
            obey = _OBEY.get((command.name, command.code))
            refusal = obey(self, command, up) if obey else "unsupported"
        if refusal and proven:
            t.note("refuse", {"what": command.name, "why": refusal}, False)
            if command.name == "switch":
                t.voice.prompt(refusal)
        if command.name == "alive" and not refusal and not command.content.get("ask"):
            return  # it wants no answer: the heartbeat is one, and bytes cost money
        if refusal or command.name not in _MOVING:
            self._reply(command.id, command.name, refusal, proven)
        else:
            self._moving.append(command.id)
            asyncio.create_task(self._reply_when_moved(command))

    def _said_before(self, id):
        """The same command again gets the first answer, or waits for it with the first."""
        known = self._t.authority.answered(id)
        if known:
            self._t.uplink.offer(known, ANSWER, id)
        return known or id in self._moving

    # Each does what the command says and gives '' or the word of refusal.

    def _on(self, command, up):
        t, content = self._t, command.content
        job, lease_s = content.get("job"), content.get("lease_s")
        if not t.identity.signed:  # a foreign platform's bare annex command names neither
            job, lease_s = job or command.id, lease_s or t.policy.lease_max_s
        refusal, effects = t.controller.on(job, lease_s, up)
        t.apply(effects, content.get("say"))
        t.board.edge.set()  # a lease has another end
        return refusal

    def _off(self, command, up):
        t = self._t
        job = command.content.get("job")
        if not t.identity.signed:
            job = job or t.controller.job or command.id
        refusal, effects = t.controller.off(job, up)
        t.apply(effects)
        return refusal

    def _lock(self, command, up):
        refusal, effects = self._t.controller.lock(up)
        self._t.apply(effects)
        return refusal

    def _unlock(self, command, up):
        refusal, effects = self._t.controller.unlock(up)
        self._t.memory.set_number("unlocked", self._t.authority.unlocked_n)
        self._t.apply(effects)
        return refusal

    def _say(self, command, up):
        text = command.content.get("say")
        if not speakable(text):
            return "malformed"
        self._t.voice.say(text)
        return ""

    def _policy(self, command, up):
        return self._t.new_policy(command.content)

    def _alive(self, command, up):
        return ""

    def _locate(self, command, up):
        self._t.reports.locate_now()
        return ""

    def _restart(self, command, up):
        asyncio.create_task(self._t.restart("restart"))
        return ""

    def _journal(self, command, up):
        seq = command.content.get("from")
        if not isinstance(seq, int) or isinstance(seq, bool) or seq < 0:
            return "malformed"
        self._t.reports.rewind(seq)
        return ""

    def _snapshot(self, command, up):
        return self._t.snapshot(command.content)

    # by ticket ----------------------------------------------------------------------

    async def ticket(self, text):
        """A ticket handed over by a phone: obeyed or refused; the receipt that answers it."""
        t, up = self._t, self._t.up_ms()
        word, ticket = t.tickets.judge(text, up, t.earliest_ms(), t.policy.tickets_from)
        if not ticket:
            return {"d": t.identity.device, "code": messages.code_of(word), "word": word}
        if word == "used" and t.tickets.answered(ticket.id):
            return t.tickets.answered(ticket.id)
        effects, relay = [], None
        if not word:
            t.heard(up)
            t.told_time(ticket.iat, up, bool(ticket.ch))
            word, effects = self._by_ticket(ticket, up)
        if not word and not self._spent(ticket, up):
            word, effects = "unsupported", t.controller.press(up)
        if word:
            t.apply(effects)
            t.note("refuse", {"what": "ticket", "why": word}, False)
            t.voice.prompt(word)
        else:
            t.apply(effects)
            t.board.edge.set()
            if ticket.act != "here":
                relay = await self._moved(t.board.relay.driven)
                if relay is None:
                    t.apply(t.controller.did_not_move(t.up_ms()))
                    word = "relay-stuck"
        if relay is None:
            relay = t.board.relay.closed
        return t.tickets.receipt(ticket, word, t.authority, t.up_ms(), relay)

    def state(self):
        t = self._t
        return {
            "mode": t.controller.mode,
            "relay": t.board.relay.closed,
            "job": t.controller.job,
        }

    def identity(self):
        """What any phone may read."""
        t = self._t
        told = self.state()
        told.update(d=t.identity.device, fw=VERSION, challenge=t.tickets.challenge(t.up_ms()))
        told["amps"] = t.amps
        return told

    def carry(self, seq):
        """The journal from above `seq` on, for a phone to carry: the body that the cloud takes."""
        t = self._t
        first = max(seq, t.journal.stored_to) + 1
        key = t.authority.receipt_key
        paras = t.journal.parcel(t.identity.device, key, _CARRIED, first)
        return messages.event("journal", "entries", paras) if paras else b"[]"

    def carried(self, text):
        """The cloud's `stored`, brought by a phone: '' or a word."""
        try:
            event = messages.read_down(text)
        except messages.Malformed:
            return "malformed"
        if not isinstance(event, messages.Event) or event.service != "journal":
            return "malformed"
        return "" if self._t.told(event) else "bad-mac"

    def _spent(self, ticket, up):
        """Whether the number has reached flash, which comes before the relay."""
        try:
            self._t.tickets.spend(ticket, up)
            return True
        except OSError as error:
            print("hanma flash", error)
            return False

    def _by_ticket(self, ticket, up):
        controller = self._t.controller
        if ticket.act == "on":
            return controller.on(ticket.job, ticket.lease_s, up, "ticket")
        if ticket.act == "off":
            return controller.off(ticket.job, up, "ticket")
        if ticket.act == "test":
            return controller.test(ticket.lease_s, up, ticket.job)
        if ticket.act == "service":
            return controller.service(up)
        # `here` moves nothing: the receipt is what the phone came for. Others: of a later time.
        return "" if ticket.act == "here" else "unsupported", []

    # answers ------------------------------------------------------------------------

    async def _reply_when_moved(self, command):
        """Answers when the relay's own contact has followed, or something else came first."""
        t = self._t
        wanted = t.board.relay.driven
        relay = await self._moved(wanted)
        self._moving.remove(command.id)
        refusal = ""
        if t.board.relay.driven != wanted:  # an ON was overtaken by an OFF, or the reverse
            refusal = "ended" if wanted else ""
        elif relay is None:
            t.apply(t.controller.did_not_move(t.up_ms()))
            refusal = "relay-stuck"
        self._reply(command.id, command.name, refusal, relay=relay)

    async def _moved(self, wanted):
        """Where the contact is when it has followed or something else came first; None: it has
        not followed. Not to be read once more: it chatters for some milliseconds."""
        relay = self._t.board.relay
        for _ in range(MOVE_MS // 10):
            closed = relay.closed
            if closed == wanted or relay.driven != wanted:
                return closed
            await asyncio.sleep_ms(10)
        return None

    def _reply(self, id, name, refusal, proven=True, relay=None):
        """Answers; only what the cloud's own mac proved is remembered, so that nobody else can
        spend a command's id before it comes."""
        t, up = self._t, self._t.up_ms()
        authority = t.authority
        if relay is None:
            relay = t.board.relay.closed
        result = {
            "relay": relay,
            "mode": t.controller.mode,
            "epoch": authority.epoch,
            "up": up,
            "n": authority.n,
            "mac": authority.receipt(id, up, messages.code_of(refusal), relay),
        }
        answer = messages.answer(id, name, refusal, result, t.time.now(up))
        if proven:
            authority.remember(id, answer)
        t.uplink.offer(answer, ANSWER, id)


_OBEY = {
    ("switch", "1"): Orders._on,
    ("switch", "0"): Orders._off,
    ("lock", ""): Orders._lock,
    ("unlock", ""): Orders._unlock,
    ("say", ""): Orders._say,
    ("policy", ""): Orders._policy,
    ("alive", ""): Orders._alive,
    ("locate", ""): Orders._locate,
    ("restart", ""): Orders._restart,
    ("journal", ""): Orders._journal,
    ("snapshot", ""): Orders._snapshot,
}


def speakable(text):
    return isinstance(text, str) and 0 < len(text) <= 120
