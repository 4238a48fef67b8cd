# The self-test, with the firmware's own parts. Runs on the board; one line of JSON for us.
# GIVEN["voice_only"]: it was measured before, and now there are clips to speak by.
import asyncio
import json
import time

from terminal.board import parts
from terminal.modem.chat import Chat
from terminal.sensing import SAMPLES, rms_amps
from terminal.voice import Speaker

board = parts.Board()
told = {"open": None, "closed": None, "amps": None, "modem": False, "sim": False}
told.update({"network": False, "imei": "", "iccid": "", "signal": 99})
told.update({"tts": False, "spoken": False, "ble": False})


def relay():
    time.sleep_ms(100)
    told["open"] = not board.relay.closed
    board.relay.close()
    time.sleep_ms(300)
    told["closed"] = bool(board.relay.closed)
    board.relay.open()
    time.sleep_ms(300)
    told["open"] = told["open"] and not board.relay.closed


def current():
    samples = []
    for _ in range(SAMPLES):
        samples.append(board.current_mv())
        time.sleep_ms(1)
    told["amps"] = round(rms_amps(samples), 1)


def driver(chat):
    if GIVEN["modem"] == "air780e":
        from terminal.modem.luat import Luat as Kind
    else:
        from terminal.modem.simcom import Simcom as Kind
    return Kind(chat, board, GIVEN["apn"])


async def modem():
    chat = Chat(board.serial())
    listening = asyncio.create_task(chat.run())
    found = driver(chat)
    try:
        await asyncio.wait_for_ms(found.ready(), GIVEN["patience_ms"])
        told["network"] = True
    except (OSError, asyncio.TimeoutError) as error:
        told["why"] = str(error)
    told["modem"], told["imei"], told["iccid"] = found.awake, found.imei, found.iccid
    told["sim"], told["tts"] = bool(found.iccid), "tts" in found.capabilities
    try:
        if told["sim"]:
            told["signal"] = await found.signal()
            await Speaker(found, board).speak(GIVEN["words"])
            told["spoken"] = True
    except OSError as error:
        told["why"] = str(error)
    listening.cancel()


def nearby():
    board.radio.serve(((2, True, False, False),))

    async def advertise():
        try:
            await asyncio.wait_for_ms(board.radio.meet(GIVEN["name"].encode()), GIVEN["ble_ms"])
        except asyncio.TimeoutError:
            pass

    asyncio.run(advertise())
    told["ble"] = True


if GIVEN["voice_only"]:
    asyncio.run(modem())
else:
    relay()
    current()
    asyncio.run(modem())
    try:
        nearby()
    except OSError as error:
        told["why"] = str(error)
board.relay.open()
print("hanma:" + json.dumps(told))
