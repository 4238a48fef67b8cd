"""What is outside the board: modem and network, mains and arc, speaker, and what goes wrong.

Nothing here knows the firmware: it is spoken to over a serial line (`line.Line.path`) and pins, as
on the bench. Time and chance are handed in (`clock` in nanoseconds, `rng`), so that the same seed
gives the same trouble.

    line, pacing        the serial cable and its timing
    modem, module       the module as a whole; its texts, times and memories
    power, talk, at     its pins; its conversation; the language of that
    commands/           what it obeys, by chapters of the manual: all makers' and SIMCom's
    air780e/            what Luat's obeys besides
    vendor, simcom      what a maker may do in its own way; SIMCom's way
    makers              the modules to choose from
    sockets, link       its TCP/IP stack over real sockets
    radio, rtc          SIM, cells, outages, network time; its own clock
    speaker, ear        what a bystander hears, and understands of clips
    camera, jpeg        the optional camera and its pictures
    mains               supply, contactor, bypass, arc, gas, lid
    faults, mischief    the table of what can go wrong; the switches for it inside the modem
    trouble             who makes it go wrong: by name, by script, by chance
"""
