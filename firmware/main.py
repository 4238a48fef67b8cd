"""Starts the application or the rescue; what escapes is shown on the console and answered by a
restart, which counts as a bad one."""

import sys

import boots

board = None
try:
    from terminal.board import parts

    board = parts.Board()
    if boots.rescue:
        from terminal import rescue as app
    else:
        from terminal import app
    app.run(board)
except Exception as error:
    if board:
        board.relay.open()
    if type(error).__name__ == "NotProvisioned":  # no restart: the bench needs the cable's prompt
        boots.good()
        print("hanma not provisioned:", error)
    else:
        sys.print_exception(error)
        try:
            import crash

            crash.keep(error)
        finally:
            boots.restart()
finally:  # also when the cable interrupts it
    if board:
        board.relay.open()
