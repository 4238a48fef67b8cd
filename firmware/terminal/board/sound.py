"""The I2S amplifier, for a module that cannot speak by itself; imported only then."""

from machine import I2S, Pin

from terminal.board import pins


def open_sound(rate, buffer_bytes):
    """An output for 16-bit mono samples, `rate` a second; `deinit` it when all has been heard."""
    return I2S(
        0,
        sck=Pin(pins.SPEAKER_BCK),
        ws=Pin(pins.SPEAKER_WS),
        sd=Pin(pins.SPEAKER_DATA),
        mode=I2S.TX,
        bits=16,
        format=I2S.MONO,
        rate=rate,
        ibuf=buffer_bytes,
    )
