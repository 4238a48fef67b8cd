"""The board's pins as the world outside sees them (a test compares them with the firmware's)."""

MODEM_PWRKEY = 4
MODEM_RESET = 5
RELAY = 21
LAMP = 22
BUTTON = 32
READBACK = 34
CURRENT = 36
