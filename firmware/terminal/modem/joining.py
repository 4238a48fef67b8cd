"""From power to registration: loaded for that and dropped when it is done (driver.py, `ready`)."""

import asyncio

from micropython import const

from terminal.modem.chat import DIGITS, ModemError, field
from terminal.modem.driver import POWER, REGISTERED
from terminal.modem.operators import by_imsi

_BAUDS = (115200, 9600, 57600, 230400, 460800, 921600)
_BOOT_TRIES = const(38)  # half a second each; the UART answers after 11 s
_REGISTER_TRIES = const(120)  # one second each


async def reach_network(driver, chat, board, apn):
    """Leaves the driver's module awake, known by its numbers, and on the network."""
    await _wake(driver, chat, board)
    await _identify(driver, chat, apn)
    await _register(driver)


async def _wake(driver, chat, board):
    good = await _answers(chat, 2)
    if not good:
        chat.fill()
        good = await _answers(chat, 1)
    if not good and driver.awake:  # at another rate, or it restarted, or it hangs
        good = await _meet(driver, chat) or await _answers(chat, _BOOT_TRIES // 3)
        if not good:
            driver.ladder[POWER] += 1
            await driver.tear_down(POWER)
    if not good:
        await board.press_power_key(driver.PULSE_MS)
        if not await _answers(chat, _BOOT_TRIES) and not await _meet(driver, chat):
            raise ModemError("modem does not start")
    driver.awake = True
    await chat.command(b"ATE0")
    await chat.command(b"AT+CMEE=2")


async def _answers(chat, tries):
    for _ in range(tries):
        try:
            await chat.command(b"AT", timeout_ms=500, settle=False)
            return True
        except ModemError:
            await asyncio.sleep_ms(50)
    return False


async def _meet(driver, chat):
    """Finds a module that speaks at another rate, and makes it speak at ours for ever."""
    for baud in _BAUDS[1:]:
        chat.set_baud(baud)
        if await _answers(chat, 2):
            await driver.attempt(b"AT+IPR=%d" % _BAUDS[0])
            break
    chat.set_baud(_BAUDS[0])
    return await _answers(chat, 2)


async def _identify(driver, chat, apn):
    for attempt in range(20):
        try:
            await chat.command(b"AT+CPIN?", until=b"+CPIN:READY")
            break
        except ModemError:
            if attempt == 19:
                raise
            await asyncio.sleep_ms(500)
    driver.imei = await _number(chat, b"AT+CGSN")
    imsi = await _number(chat, b"AT+CIMI")
    line = await driver.ask(driver.ICCID, b"+ICCID:")
    driver.iccid = "".join([chr(b) for b in line.split(b":", 1)[1] if 0x20 < b < 0x7F])
    driver.operator, by_sim = by_imsi(imsi)
    apn = apn or by_sim
    if apn:
        await chat.command(b'AT+CGDCONT=1,"IP","%s"' % apn.encode())
    await driver.attempt(b"AT+CTZU=1")
    await driver.attempt(b"AT+CEREG=1")
    if not driver.capabilities:
        driver.capabilities.add("udp")
        for name, text in driver.PROBES:
            if await driver.attempt(text):
                driver.capabilities.add(name)


async def _number(chat, text):
    """The answer of digits alone that some commands give."""
    lines = await chat.command(text, until=DIGITS)
    return lines[0].decode()


async def _register(driver):
    for _ in range(_REGISTER_TRIES):
        driver.stat = field(await driver.ask(b"AT+CEREG?", b"+CEREG:"), 1)
        if driver.stat in REGISTERED:
            return
        await asyncio.sleep_ms(1000)
    raise ModemError("no network registration, state %d" % driver.stat)
