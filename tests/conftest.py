"""What counts as quick, and no example of a search is judged by how long it took."""

import pytest
from hypothesis import settings

settings.register_profile("hanma", deadline=None)
settings.load_profile("hanma")

# Quick: no real time to wait for, no server, no whole application.
_REAL_TIME = "tests/simulator/world/"  # a cable and a modem that keep the time of real ones
_WHOLE_APP = "tests/cloud/web/"  # every page with its database
_LONG_SEARCH = "test_whatever_happens_in_whatever_order"
_SERVER = "[postgresql"
_BROWSER = "tests/browser/"
_EVERY_CUT = "[cut_"  # the power cut at each flash operation
_ON_THE_AIR = "tests/simulator/test_nearby_phone.py"  # phones take their time to find a terminal
_SPICE = ("tests/hardware/test_simulations.py", "test_the_commands_draw_and_check")
_TRIAL = "tests/cloud/faults/test_trial.py"  # everything in processes of its own
_PLATFORMS = "tests/cloud/platform/"  # requests through the whole application
_WHOLE_CASES = ("tests/cloud/oversight/test_evidence.py", "tests/security/test_repository.py")
_SLOW = (
    *(_REAL_TIME, _ON_THE_AIR, _WHOLE_APP, _LONG_SEARCH, _SERVER, _EVERY_CUT),
    *(*_SPICE, _PLATFORMS, _TRIAL, *_WHOLE_CASES),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if any(part in item.nodeid for part in _SLOW):
            item.add_marker("slow")
    items.sort(key=lambda item: _BROWSER in item.nodeid)  # last: it brings a running event loop
