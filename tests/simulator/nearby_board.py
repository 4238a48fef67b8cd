"""A small application on the board: tickets, relay and the phone's way in, and nothing else.

Runs in the simulator's interpreter in place of main.py; the console tells what happened.
"""

import asyncio

import boot  # noqa: F401
from terminal import mac
from terminal.authority import Authority
from terminal.board import parts
from terminal.board.radio import Radio
from terminal.memory import Memory
from terminal.nearby import Nearby
from terminal.tickets import Tickets

board = parts.Board()
memory = Memory(board.store)
device, secret = board.store.get("device").decode(), board.store.get("secret")
authority = Authority(device, secret, "a1b2c3d4e5f60718")
ended = []
running = {"job": "", "until": 0}
tickets = Tickets(device, secret, board.random, memory)
entries = [b'{"seq":%d,"kind":"on"}' % number for number in range(1, 121)]


def begin(job, until):
    if running["job"]:
        ended.append(running["job"])
    running.update(job=job, until=until)
    board.relay.close() if job else board.relay.open()
    print("hanma relay", 1 if job else 0)


async def take(text):
    up = board.clock.up_ms()
    word, ticket = tickets.judge(text, up)
    print("hanma ticket", word or "good")
    if ticket is None:
        return {"d": device, "code": 500, "word": word}
    if word == "used" and tickets.answered(ticket.id):
        return tickets.answered(ticket.id)
    if not word and ticket.act != "off" and ticket.job in ended:
        word = "ended"
    if not word:
        tickets.spend(ticket, up)
        begin("" if ticket.act == "off" else ticket.job, up + ticket.lease_s * 1000)
        await asyncio.sleep_ms(60)
    return tickets.receipt(ticket, word, authority, up, board.relay.closed)


def state():
    mode = "working" if running["job"] else "idle"
    return {"mode": mode, "relay": board.relay.closed, "job": running["job"]}


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
        up = board.clock.up_ms()
        if running["job"] and up >= running["until"]:
            begin("", 0)
        tickets.worked(running["job"], up)


async def main():
    ticking = asyncio.create_task(tick())
    while not ticking.done():
        name = device[:26].encode()
        await Nearby(Radio(), name, lambda: (take, state, identity, carry, stored)).run()


asyncio.run(main())
