from simulator.world.module import Identity


async def test_the_module_tells_who_it_is(desk):
    async with desk() as d:
        await d.start()
        await d.client.play(
            """
            > ATI
            < Manufacturer: INCORPORATED
            < Model: A7670G-LLSE
            < Revision: A011B20A7670M7
            < IMEI: 867284065516041
            < +GCAP: +CGSM,+FCLASS,+DS
            < OK
            > AT+CGMR
            < +CGMR: A011B20A7670M7
            < OK
            > AT+CGMM
            < A7670G-LLSE
            < OK
            > AT+CGMI
            < INCORPORATED
            < OK
            > AT+GSN
            < 867284065516041
            < OK
            > AT+CGSN
            < 867284065516041
            < OK
            """
        )
        lines = await d.client.ask("AT+SIMCOMATI")
        assert "A7670M7_B20V01_240325" in lines and lines[-1] == "OK"


async def test_another_module_tells_another_imei(desk):
    async with desk(identity=Identity(imei="860000000000003")) as d:
        await d.start()
        assert await d.client.ask("AT+CGSN") == ["860000000000003", "OK"]


async def test_errors_are_bare_numbered_or_worded(desk):
    async with desk() as d:
        await d.start()
        d.radio.remove_sim()
        await d.client.line()
        for cmee, error in ((0, "ERROR"), (1, "+CME ERROR: 10")):
            await d.client.ask(f"AT+CMEE={cmee}")
            assert await d.client.ask("AT+CPIN?") == [error]
        await d.client.ask("AT+CMEE=2")
        assert await d.client.ask("AT+CPIN?") == ["+CME ERROR: SIM not inserted"]
        assert await d.client.ask("AT+CMEE?") == ["+CMEE: 2", "OK"]
        assert (await d.client.ask("AT+CMEE=3"))[-1] == "+CME ERROR: invalid parameters"


async def test_flight_mode_and_back(desk):
    async with desk() as d:
        await d.start()
        assert await d.client.ask("AT+CFUN=4") == ["OK"]
        await d.eventually(lambda: d.radio.stat == 0)
        assert await d.client.ask("AT+CFUN?") == ["+CFUN: 4", "OK"]
        assert await d.client.ask("AT+CEREG?") == ["+CEREG: 0,0", "OK"]
        assert await d.client.ask("AT+CFUN=1") == ["OK"]
        await d.client.wait_for("+CGEV: EPS PDN ACT 1")
        assert await d.client.ask("AT+CEREG?") == ["+CEREG: 0,1", "OK"]
        assert (await d.client.ask("AT+CFUN=2"))[-1] == "+CME ERROR: operation not supported"


async def test_going_silent_takes_the_data_connection_down(desk):
    async with desk() as d:
        await d.online()
        lines = await d.client.ask("AT+CFUN=0")
        assert lines == ["+CIPEVENT: NETWORK CLOSED UNEXPECTEDLY", "OK"]
        assert await d.client.ask("AT+NETOPEN?") == ["+NETOPEN: 0", "OK"]


async def test_factory_settings_bring_the_echo_back(desk):
    async with desk() as d:
        await d.start()
        assert await d.client.ask("AT&F") == ["OK"]
        assert await d.client.ask("AT") == ["AT", "OK"]


async def test_a_test_command_of_a_known_name_is_answered_and_of_an_unknown_one_refused(desk):
    async with desk() as d:
        await d.start()
        assert await d.client.ask("AT+CSQ=?") == ["OK"]
        assert await d.client.ask("AT+NOSUCH=?") == ["ERROR"]
