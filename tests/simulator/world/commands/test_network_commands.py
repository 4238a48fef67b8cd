import pytest

from simulator.world.radio import CHINA_TELECOM, Radio, Sim, Stat


def air(**options) -> Radio:
    return Radio(search_s=0.02, nitz_s=0.01, one_way_s=0.01, bearer_s=0.15, **options)


async def test_another_operator_shows_in_imsi_and_name(desk):
    radio = air(sim=Sim(imsi="460110123456789"), operator=CHINA_TELECOM)
    async with desk(radio=radio) as d:
        await d.start()
        assert await d.client.ask("AT+CIMI") == ["460110123456789", "OK"]
        await d.client.ask("AT+COPS=3,2")
        assert await d.client.ask("AT+COPS?") == ['+COPS: 0,2,"46011",7', "OK"]


@pytest.mark.parametrize(
    ("coverage", "number", "csq", "attached"),
    [
        (Stat.ROAMING, 5, "21,99", 1),
        (Stat.DENIED, 3, "21,99", 0),
        (Stat.EMERGENCY, 11, "21,99", 0),
        (Stat.SEARCHING, 2, "99,99", 0),
    ],
)
async def test_what_the_network_answers_shows_everywhere(desk, coverage, number, csq, attached):
    async with desk(radio=air(coverage=coverage)) as d:
        await d.start()
        await d.eventually(lambda: d.radio.stat is coverage)
        assert await d.client.ask("AT+CREG?") == [f"+CREG: 0,{number}", "OK"]
        assert await d.client.ask("AT+CGREG?") == [f"+CGREG: 0,{number}", "OK"]
        assert await d.client.ask("AT+CEREG?") == [f"+CEREG: 0,{number}", "OK"]
        assert await d.client.ask("AT+CSQ") == [f"+CSQ: {csq}", "OK"]
        assert await d.client.ask("AT+CGATT?") == [f"+CGATT: {attached}", "OK"]
        assert await d.client.ask("AT+CGACT?") == [f"+CGACT: 1,{attached}", "OK"]
        if not attached:
            assert await d.client.ask("AT+COPS?") == ["+COPS: 0", "OK"]


async def test_registration_is_reported_as_asked(desk):
    async with desk() as d:
        await d.start()
        await d.client.ask("AT+CEREG=1")
        assert await d.client.ask("AT+CEREG?") == ["+CEREG: 1,1", "OK"]
        d.radio.coverage = Stat.SEARCHING
        assert await d.client.line() == "+CEREG: 2"
        await d.client.ask("AT+CEREG=2")
        d.radio.coverage = Stat.ROAMING
        assert await d.client.line() == '+CEREG: 5,"1816","0D302C6A",7'
        assert await d.client.line() == "+CGEV: EPS PDN ACT 1"
        assert await d.client.ask("AT+CEREG?") == ['+CEREG: 2,5,"1816","0D302C6A",7', "OK"]


async def test_a_locked_sim_wants_its_pin(desk):
    async with desk(radio=air(sim=Sim(pin="1234"))) as d:
        await d.press()
        await d.client.wait_for("+CPIN: SIM PIN")
        await d.client.silence(0.1)
        await d.client.ask("ATE0")
        await d.client.ask("AT+CMEE=2")
        await d.client.play(
            """
            > AT+CPIN?
            < +CPIN: SIM PIN
            < OK
            > AT+CIMI
            < +CME ERROR: SIM PIN required
            > AT+CPIN=0000
            < +CME ERROR: incorrect password
            > AT+CPIN="1234"
            < OK
            < +CPIN: READY
            < +CGEV: EPS PDN ACT 1
            > AT+CPIN="1234"
            < +CME ERROR: operation not allowed
            """
        )


async def test_three_wrong_pins_leave_a_blocked_card(desk):
    async with desk(radio=air(sim=Sim(pin="1234", tries=1))) as d:
        await d.press()
        await d.client.wait_for("+CPIN: SIM PIN")
        await d.client.ask("AT+CMEE=2")
        assert (await d.client.ask("AT+CPIN=0000"))[-1] == "+CME ERROR: SIM PUK required"
        assert (await d.client.ask("AT+CPIN?"))[-2:] == ["+CPIN: SIM PUK", "OK"]


async def test_without_a_sim_its_questions_are_refused(desk):
    async with desk() as d:
        d.radio.sim_present = False
        await d.press()
        await d.client.wait_for("+CPIN: SIM REMOVED")
        await d.client.silence(0.1)
        await d.client.ask("ATE0")
        await d.client.ask("AT+CMEE=2")
        for text in ("AT+CPIN?", "AT+CIMI", "AT+CICCID", "AT+CGATT=1", "AT+CPIN=1234"):
            assert await d.client.ask(text) == ["+CME ERROR: SIM not inserted"], text
        assert await d.client.ask("AT+CEREG?") == ["+CEREG: 0,11", "OK"]


async def test_right_after_the_start_the_sim_is_busy(desk):
    async with desk() as d:
        await d.press()
        d.modem.boot_s = 20.0  # the SIM is found a twentieth of it after the first line
        await d.client.wait_for("*ATREADY: 1")
        await d.client.ask("AT+CMEE=2")
        assert (await d.client.ask("AT+CPIN?"))[-1] == "+CME ERROR: SIM busy"
        assert (await d.client.ask("AT+CIMI"))[-1] == "+CME ERROR: SIM busy"


async def test_contexts_are_kept_changed_and_forgotten(desk):
    async with desk() as d:
        await d.start()
        assert await d.client.ask('AT+CGDCONT=1,"IP","cmnet"') == ["OK"]
        assert await d.client.ask("AT+CGDCONT?") == ['+CGDCONT: 1,"IP","cmnet","",0,0,,,,', "OK"]
        assert await d.client.ask('AT+CGDCONT=1,"IP","3gnet"') == ["OK"]
        assert '"3gnet"' in (await d.client.ask("AT+CGDCONT?"))[0]
        assert await d.client.ask("AT+CGDCONT=1") == ["OK"]
        assert '"3gnet"' not in (await d.client.ask("AT+CGDCONT?"))[0]
        for wrong in ('AT+CGDCONT=0,"IP","x"', 'AT+CGDCONT=1,"X25","x"'):
            assert await d.client.ask(wrong) == ["+CME ERROR: invalid parameters"]


async def test_the_operator_can_be_left_and_found_again(desk):
    async with desk() as d:
        await d.start()
        await d.client.ask("AT+COPS=2")
        await d.eventually(lambda: d.radio.stat is Stat.OFF)
        assert await d.client.ask("AT+CGPADDR=1") == ["+CGPADDR: 1,0.0.0.0", "OK"]
        await d.client.ask("AT+COPS=0")
        await d.eventually(lambda: d.radio.stat is Stat.HOME)
        assert (await d.client.ask("AT+CGPADDR"))[-2:] == ["+CGPADDR: 1,10.87.3.21", "OK"]
