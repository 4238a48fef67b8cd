"""Power cuts while numbered tickets are obeyed and the minutes of a lease are counted."""

from sweep import nvs, say, sweep
from terminal import mac
from terminal.board.store import Store
from terminal.memory import Memory
from terminal.tickets import Tickets, _base64url

DEVICE, SECRET = "HM-1", bytes(range(32))
LEASE_S = 1200
IAT = 1700000000000


def issue(n, job):
    content = {"v": 1, "d": DEVICE, "act": "on", "job": job, "n": n, "lease_s": LEASE_S}
    content.update(iat=IAT, exp=IAT + 3600000)
    body = mac.canonical(content).encode()
    key = mac.derive(SECRET, "ticket")
    return _base64url(body) + "." + _base64url(mac.hmac_sha256(key, body)[:16])


NUMBERS = (7, 5, 40, 6, 8, 100, 99, 101)
TEXTS = {n: issue(n, "j%d" % n) for n in NUMBERS}


def start(root):
    nvs(root)
    return Tickets(DEVICE, SECRET, lambda n: bytes(n), Memory(Store()))


def work(root, ack):
    """Each ticket once; under each some minutes of work, then a blip and the rest of the lease."""
    up = 0
    for n in NUMBERS:
        tickets = start(root)
        word, ticket = tickets.judge(TEXTS[n], up)
        assert word in ("", "used"), word
        if word:
            continue  # obeyed before the cut, and another one since
        tickets.spend(ticket, up)
        ack((n, 1))
        for minute in range(1, 4):
            up += 60000
            tickets.worked(ticket.job, up)
            ack((n, LEASE_S // 60 - ticket.lease_s // 60 + 1 + minute))


def check(root, acked):
    spent = {}
    for n, minutes in acked:
        spent[n] = max(minutes, spent.get(n, 0))
    tickets = start(root)
    again = 0
    for n in NUMBERS:
        word, ticket = tickets.judge(TEXTS[n], 0)
        if n not in spent:
            assert word in ("", "used")
        elif word == "":
            again += 1
            assert ticket.lease_s <= LEASE_S - 60 * spent[n], (n, ticket.lease_s, spent[n])
        else:
            assert word == "used", (n, word)
    assert again <= 1, "a number could be used twice"


say("tickets", sweep(work, check, blocks=16, again=2))
