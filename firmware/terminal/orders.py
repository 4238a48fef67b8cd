"""What the cloud orders: judged, obeyed by the controller, answered. Tickets: guests.py."""

import asyncio

from terminal import messages
from terminal.controller import MOVE_MS
from terminal.dialect import ANSWER

_MOVING = ("switch", "lock")  # what moves the relay is answered when it has moved
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
            refusal = self._obey(command, up)
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

    def _obey(self, command, up):
        """Does what the command says; '' or the word of refusal."""
        t, name = self._t, command.name
        if name == "switch" and command.code in ("0", "1"):
            refusal, effects = self._switch(command, up)
        elif command.code:
            return "unsupported"
        elif name == "lock":
            refusal, effects = t.controller.lock(up)
        elif name == "unlock":
            refusal, effects = t.controller.unlock(up)
            t.memory.set_number("unlocked", t.authority.unlocked_n)
        else:
            try:
                return self._serve(name, command.content)
            except Exception as error:  # no memory, a bad file: refused, and the link stands
                print("hanma", name, error)
                return "unsupported"
        t.apply(effects, command.content.get("say"))
        return refusal

    def _serve(self, name, content):
        """What moves nothing."""
        t = self._t
        if name == "policy":
            return t.new_policy(content)
        if name == "journal":
            return t.reports.rewind(content.get("from"))
        if name == "snapshot":
            return self._snapshot(content)
        if name == "say":
            if not speakable(content.get("say")):
                return "malformed"
            t.voice.say(content["say"])
        elif name == "locate":
            t.reports.locate.set()
        elif name == "restart":
            asyncio.create_task(t.restart("restart"))
        elif name != "alive":
            return "unsupported"
        return ""

    def _switch(self, command, up):
        t, content = self._t, command.content
        job, lease_s = content.get("job"), content.get("lease_s")
        on = command.code == "1"
        t.board.edge.set()  # a lease may have another end
        if not t.identity.signed:  # a foreign platform's bare annex command names neither
            job = job or (not on and t.controller.job) or command.id
            lease_s = lease_s or t.policy.lease_max_s
        return t.controller.on(job, lease_s, up) if on else t.controller.off(job, up)

    def _snapshot(self, content):
        if self._t.memory.text("camera") != "yes":
            return "unsupported"
        url, token = content.get("url"), content.get("token")
        if not speakable(url) or not speakable(token):
            return "malformed"
        from terminal import snapshot

        asyncio.create_task(snapshot.send(self._t, url, token))
        return ""

    # answers ------------------------------------------------------------------------

    async def _reply_when_moved(self, command):
        """Answers when the relay's own contact has followed, or something else came first."""
        t = self._t
        wanted = t.board.relay.driven
        relay = await self.moved(wanted)
        self._moving.remove(command.id)
        refusal = ""
        if t.board.relay.driven != wanted:  # an ON was overtaken by an OFF, or the reverse
            refusal = "ended" if wanted else ""
        elif relay is None:
            t.apply(t.controller.did_not_move(t.up_ms()))
            refusal = "relay-stuck"
        self._reply(command.id, command.name, refusal, relay=relay)

    async def moved(self, wanted):
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
        result = authority.standing(id, up, messages.code_of(refusal), relay)
        result["mode"] = t.controller.mode
        answer = messages.answer(id, name, refusal, result, t.time.now(up))
        if proven:
            authority.remember(id, answer)
        t.uplink.offer(answer, ANSWER, id)


def speakable(text):
    return isinstance(text, str) and 0 < len(text) <= 120
