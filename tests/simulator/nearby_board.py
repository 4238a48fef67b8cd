"""A small application on the board: tickets, relay and the phone's way in, and nothing else.

Runs in the simulator's interpreter in place of main.py; the console tells what happened.
"""

import asyncio

import boot  # noqa: F401
from terminal import mac
from terminal.authority import Authority
from terminal.board import parts
from terminal.board.radio import Radio
from terminal.controller import WORKING, Controller
from terminal.emergency import Emergency
from terminal.memory import Memory
from terminal.nearby import Nearby
from terminal.policy import Policy
from terminal.tickets import Tickets

board = parts.Board()
memory = Memory(board.store)
device, secret = board.store.get("device").decode(), board.store.get("secret")
authority = Authority(device, secret, "a1b2c3d4e5f60718")
policy = Policy()
controller = Controller(policy, Emergency(policy), memory.ended, memory.flag("locked"))
tickets = Tickets(device, secret, board.random, memory)
entries = [b'{"seq":%d,"kind":"on"}' % number for number in range(1, 121)]


def apply(effects):
    for effect in effects:
        if effect[0] == "relay":
            board.relay.close() if effect[1] else board.relay.open()
            print("hanma relay", effect[1])
        elif effect[0] == "ended":
            memory.ended = effect[1]


async def take(text):
    up = board.clock.up_ms()
    word, ticket = tickets.judge(text, up)
    print("hanma ticket", word or "good")
    if ticket is None:
        return {"d": device, "code": 500, "word": word}
    if word == "used" and tickets.answered(ticket.id):
        return tickets.answered(ticket.id)
    effects = []
    if not word:
        if ticket.act == "off":
            word, effects = controller.off(ticket.job, up)
        else:
            word, effects = controller.on(ticket.job, ticket.lease_s, up)
    if not word:
        tickets.spend(ticket, up)
        apply(effects)
        await asyncio.sleep_ms(60)
    return tickets.receipt(ticket, word, authority, up, board.relay.closed)


def state():
    return {
        "mode": controller.mode,
        "relay": board.relay.closed,
        "job": controller.job,
    }


def identity():
    told = state()
    told.update(d=device, fw="test", challenge=tickets.challenge(board.clock.up_ms()))
    return told


def carry(seq):
    return b"[" + b",".join(entries[seq : seq + 20]) + b"]"


def stored(text):
    print("hanma stored", text)
    return "" if mac.same('"good"', text.decode()) else "bad-mac"


async def tick():
    while True:
        await asyncio.sleep_ms(200)
        apply(controller.tick(board.clock.up_ms(), False))
        tickets.worked(controller.job if controller.mode == WORKING else "", board.clock.up_ms())


async def main():
    ticking = asyncio.create_task(tick())
    while not ticking.done():
        name = device[:26].encode()
        await Nearby(Radio(), name, take, state, identity, carry, stored).run()


asyncio.run(main())
