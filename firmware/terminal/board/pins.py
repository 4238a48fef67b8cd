"""Which ESP32 pin goes where (LilyGO T-A7670, ESP32-WROVER-E; 16 and 17 belong to the PSRAM)."""

from micropython import const

MODEM_PWRKEY = const(4)
MODEM_RESET = const(5)
MODEM_RX = const(27)  # the ESP32's RX: what the modem says
MODEM_TX = const(26)
BOARD_POWER = const(12)  # high before the modem is started
RELAY = const(21)
LAMP = const(22)
BUTTON = const(32)  # to ground, pulled up
READBACK = const(34)  # auxiliary contact of the relay: high when closed
CURRENT = const(36)  # current transformer, biased to half the supply
ARC = const(23)  # comparator behind the transformer: high while more than some 8 A flow
GAS = const(39)  # optional sensor, 0–3.3 V = 0–100 % of the lower explosive limit
TAMPER = const(18)  # lid switch to ground, pulled up: high when the lid is off
MAINS = const(19)  # high while the mains is there; the hold-up capacitor carries on for a while
CAMERA_TX = const(2)
CAMERA_RX = const(35)
SPEAKER_BCK = const(14)  # I2S amplifier, for a module without speech of its own
SPEAKER_WS = const(13)
SPEAKER_DATA = const(15)
