"""Starts the application; what escapes it is shown on the console and answered by a restart."""

import sys

from terminal import app, settings
from terminal.board import parts

board = parts.Board()
try:
    app.run(board)
except settings.NotProvisioned as error:  # no restart: the bench needs the cable's prompt now
    print("hanma not provisioned:", error)
except Exception as error:
    board.relay.open()
    sys.print_exception(error)
    board.restart()
finally:  # also when the cable interrupts it
    board.relay.open()
