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
