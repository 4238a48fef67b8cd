"""First code after every start: the relay is open before anything else can go wrong."""

from machine import Pin
from terminal.board import pins

Pin(pins.RELAY, Pin.OUT, value=0)
