"""Place and time as modules write them. Pure; rarely needed, so imported where it is."""

_MONTHS = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)
# China with its seas, in millionths of a degree; what lies outside is a module's mistake
_SOUTH, _NORTH, _WEST, _EAST = 3000000, 54000000, 73000000, 136000000


def read(line, metres=0):
    """What is in `+CLBS:0,29.489428,106.638084,550`; `metres` where the module says none. None
    for an error, or for what cannot be true."""
    parts = line.split(b":", 1)[1].split(b",")
    try:
        if int(parts[0]) == 0:
            return position(parts[1], parts[2], metres or int(parts[3]))
    except (IndexError, ValueError):
        pass
    return None


def position(lat, lng, accuracy):
    """(lat_e6, lng_e6, metres) of two texts such as b'29.489428'; None if it cannot be true."""
    try:
        lat, lng = _millionths(lat), _millionths(lng)
    except ValueError:
        return None
    if not (_SOUTH <= lat <= _NORTH and _WEST <= lng <= _EAST):
        return None
    return lat, lng, accuracy


def _millionths(text):
    whole, _, part = text.strip().decode().partition(".")
    part = (part + "000000")[:6]
    if not part.isdigit() or not whole.isdigit():
        raise ValueError
    return int(whole) * 1000000 + int(part)


def utc_ms(line):
    """Milliseconds since 1970 of `+CCLK:"26/01/31,08:15:00+32"`, zone in quarter hours; 0 for
    what is no time, or one that nobody set."""
    try:
        text = line.split(b'"')[1].decode() if line.count(b'"') == 2 else ""
        year, month, day = [int(part) for part in text[:8].split("/")]
        hour, minute, second = [int(part) for part in text[9:17].split(":")]
        quarters = int(text[17:] or "0")
    except ValueError:
        return 0
    if not (25 <= year < 70 and 1 <= month <= 12 and 1 <= day <= 31):
        return 0
    if not (0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 60):
        return 0
    days = 365 * (year + 30) + (year + 31) // 4 + _MONTHS[month - 1] + day - 1
    if year % 4 == 0 and month > 2:
        days += 1
    return days * 86400000 + ((hour * 60 + minute - quarters * 15) * 60 + second) * 1000
