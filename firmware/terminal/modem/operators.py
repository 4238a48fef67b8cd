"""Access point and operator by the SIM's IMSI (CQ annex 1.2: all four Chinese operators). Pure."""

_CHINA = "460"
_OPERATORS = (
    (("00", "02", "04", "07", "08"), "CMCC", "cmnet"),
    (("01", "06", "09"), "CUCC", "3gnet"),
    (("03", "05", "11"), "CTCC", "ctnet"),
    (("15",), "CBN", "cbnet"),
)


def by_imsi(imsi):
    """(operator, access point name); an unknown SIM gets ('', ''), the network then chooses."""
    if imsi[:3] == _CHINA:
        for codes, operator, apn in _OPERATORS:
            if imsi[3:5] in codes:
                return operator, apn
    return "", ""
