"""Defaults and limits of the policy's numbers, so that a slip in an office cannot silence a
terminal or free a machine. Loaded when a policy is read, and dropped. Pure."""

import json

from terminal.plain import is_count

# name, default, least, most; the unit is in the name. One text, because so many tuples would take
# ten times its room. bypass_a: with the relay open; in a thermal loop arc_on_a counts instead.
# budget_h: of emergency release until the next refill; 0 = key zone. refill: a number not seen
# before gives the whole budget back. finish_weld: a release ends with the weld when contact
# returns. gas: % of the lower explosive limit. low_signal: CSQ. tickets_from: lower numbers are
# void. data_mb: of traffic in thirty days.
_FIELDS = """
version 0 0 2147483648
beat_working_s 60 10 600
beat_idle_s 180 30 1200
arc_beat_s 30 5 600
position_s 86400 600 604800
keepalive_s 300 30 1200
lease_max_s 43200 60 43200
arc_on_a 15 5 200
arc_off_a 10 3 200
bypass_a 4 1 200
idle_off_min 30 1 720
no_contact_s 900 300 86400
max_h 2 1 12
budget_h 12 0 100
refill 0 0 2147483648
finish_weld 1 0 1
gas_warn 20 5 100
gas_trip 50 10 100
over_temp_c 85 50 120
low_signal 6 0 31
tickets_from 0 0 9007199254740992
data_mb 10 1 1000
"""


def _fields():
    """(name, default, least, most) of each field."""
    for line in _FIELDS.strip().split("\n"):
        name, default, least, most = line.split(" ")
        yield name, int(default), int(least), int(most)


def begin(policy, kept):
    """Gives `policy` its defaults, and over them what `keep` got before the restart."""
    for name, default, _, _ in _fields():
        setattr(policy, name, default)
    if kept:
        try:
            take(policy, json.loads(kept), None)
        except ValueError:
            pass  # half a page of flash: the defaults hold until the cloud speaks


def take(policy, content, keep):
    """'' or 'malformed', and then nothing has changed. Unknown names are left alone: they are for
    newer terminals. `keep` gets only what is not the default, so that it fits one NVS value."""
    if not isinstance(content, dict):
        return "malformed"
    new, other = {}, {}
    for name, default, least, most in _fields():
        value = content.get(name, getattr(policy, name))
        if not is_count(value, most) or value < least:
            return "malformed"
        new[name] = value
        if value != default:
            other[name] = value
    if new["arc_off_a"] > new["arc_on_a"] or new["gas_warn"] > new["gas_trip"]:
        return "malformed"
    if keep:
        keep(json.dumps(other).encode())
    for name, value in new.items():
        setattr(policy, name, value)
    return ""
