"""The board's pins as the world outside sees them (a test compares them with the firmware's)."""

MODEM_PWRKEY = 4
MODEM_RESET = 5
RELAY = 21
LAMP = 22
BUTTON = 32
READBACK = 34
CURRENT = 36
ARC = 23
GAS = 39
TAMPER = 18
MAINS = 19
CAMERA_TX = 2
CAMERA_RX = 35
SPEAKER_BCK = 14
SPEAKER_WS = 13
SPEAKER_DATA = 15
