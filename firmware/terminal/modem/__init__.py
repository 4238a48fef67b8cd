"""The modem: one driver interface (driver.py), one file a maker, of which only one is loaded."""

MODEMS = ("a7670", "air780e")  # what the setting `modem` may say


def choose(name):
    """The driver's class for the setting `modem`."""
    if name == "air780e":
        from terminal.modem.luat import Luat

        return Luat
    from terminal.modem.simcom import Simcom

    return Simcom
