"""Runs inside MicroPython on the compiled image: signatures and packages, as the tests ask."""

import asyncio
import json
import sys
import time
from binascii import a2b_base64, hexlify, unhexlify

from terminal import ecdsa
from terminal.package import Head, Refused


def verify(case):
    key, digest, signature = [unhexlify(text) for text in case]
    return asyncio.run(ecdsa.verify(key, digest, signature))


async def _timed(case):
    """[milliseconds of one check, the longest that the loop was held up within it, µs]: of 400
    stretches the longest but eight, for a busy machine takes our turn away now and then."""
    key, digest, signature = [unhexlify(text) for text in case]
    stretches = []

    async def watch():
        before = time.ticks_us()
        while True:
            await asyncio.sleep_ms(0)
            now = time.ticks_us()
            stretches.append(time.ticks_diff(now, before))
            before = now

    other = asyncio.create_task(watch())
    await asyncio.sleep_ms(0)
    begun = time.ticks_us()
    assert await ecdsa.verify(key, digest, signature)
    took = time.ticks_diff(time.ticks_us(), begun)
    other.cancel()
    return [took // 1000, sorted(stretches)[-9]]


def read(case):
    """[length of the head, digest, manifest] or the word of the refusal."""
    package, most = a2b_base64(case[0]), case[1]
    head = Head()
    try:
        for at in range(0, len(package), most):
            if head.take(package[at : at + most]):
                manifest = head.manifest()
                manifest["files"] = list(head.files())
                return [head.got, hexlify(head.digest()).decode(), manifest]
    except Refused as error:
        return str(error)
    return "too short"


KINDS = {
    "verify": verify,
    "timed": lambda case: asyncio.run(_timed(case)),
    "read": read,
}

with open(sys.argv[1]) as file:
    for line in file:
        kind, case = json.loads(line)
        try:
            result = KINDS[kind](case)
        except Exception as error:
            result = {"raised": type(error).__name__}
        print("=" + json.dumps(result))
