"""First code after every start: the relay is open before anything else can go wrong.

The pin is spelled out: an import of the application's own pins would fix which tree it is.
"""

from machine import Pin

Pin(21, Pin.OUT, value=0)

import boots  # noqa: E402

boots.choose()
