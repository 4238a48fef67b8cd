"""What a phone nearby may ask: tickets, how things stand, the journal to carry. Loaded when the
first comes near: heap."""

from terminal import VERSION, messages
from terminal.tickets import Tickets

_CARRIED = 1400  # bytes of journal in one parcel for a phone


class Guests:
    """`terminal` is the composition, whose parts a ticket moves (see app.py)."""

    def __init__(self, terminal):
        t = self._t = terminal
        self.tickets = Tickets(t.identity.device, t.identity.secret, t.board.random, t.memory)

    def challenge(self):
        """16 hex letters that a ticket for right now must carry."""
        return self.tickets.challenge(self._t.up_ms())

    def worked(self, up):
        """Counts the minutes of a ticket's lease."""
        self.tickets.worked(self._t.controller.job, up)

    async def ticket(self, text):
        """A ticket handed over by a phone: obeyed or refused; the receipt that answers it."""
        t, tickets, up = self._t, self.tickets, self._t.up_ms()
        word, ticket = tickets.judge(text, up, t.earliest_ms(), t.policy.tickets_from)
        if not ticket:
            return {"d": t.identity.device, "code": messages.code_of(word), "word": word}
        if word == "used" and tickets.answered(ticket.id):
            return tickets.answered(ticket.id)
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
                relay = await t.orders.moved(t.board.relay.driven)
                if relay is None:
                    t.apply(t.controller.did_not_move(t.up_ms()))
                    word = "relay-stuck"
        if relay is None:
            relay = t.board.relay.closed
        return tickets.receipt(ticket, word, t.authority, t.up_ms(), relay)

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
        told.update(d=t.identity.device, fw=VERSION, challenge=self.challenge())
        told["amps"] = t.senses.amps
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
            self.tickets.spend(ticket, up)
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
