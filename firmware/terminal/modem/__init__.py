"""The modem: one driver interface (driver.py), one file a maker, of which only one is loaded."""


def choose(name):
    """The driver's class for the setting `modem`."""
    if name == "air780e":
        from terminal.modem.luat import Luat

        return Luat
    from terminal.modem.simcom import Simcom

    return Simcom
