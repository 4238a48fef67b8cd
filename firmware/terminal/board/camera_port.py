"""The optional camera's serial port; opened for one picture and closed again."""

import asyncio

import machine

from terminal.board import pins


class CameraPort:
    def __init__(self, baud=115200):
        self._uart = machine.UART(
            2, baudrate=baud, tx=pins.CAMERA_TX, rx=pins.CAMERA_RX, rxbuf=1024
        )
        self._reader = asyncio.StreamReader(self._uart)

    async def read(self, most):
        return await self._reader.read(most)

    def write(self, data):
        self._uart.write(data)

    def close(self):
        self._uart.deinit()
