"""One picture of the site to the cloud: from the camera to flash, then by HTTP. Loaded when asked
for; where there is no camera the picture fails, and that is all."""

from terminal.board.camera_port import CameraPort
from terminal.camera import shoot
from terminal.modem import http
from terminal.unload import unload

_PIECE = 1024
_HEADERS = {"Content-Type": "image/jpeg"}


async def send(terminal, url, token):
    """Takes a picture and posts it to `url`; then nothing of this stays in memory."""
    try:
        print("hanma picture", await _shot(terminal.modem, terminal.board.folder, url, token))
    except OSError as error:
        print("hanma picture", error)
    finally:
        unload("snapshot")
        unload("camera")
        unload("board.camera_port")
        unload("modem.http")


async def _shot(modem, folder, url, token):
    """The server's status. OSError where it fails."""
    path = folder + "snapshot.jpg"
    port = CameraPort()
    try:
        with open(path, "wb") as file:

            async def keep(piece, total):
                file.write(piece)

            length = await shoot(port, keep)
    finally:
        port.close()
    headers = dict(_HEADERS)
    headers["Authorization"] = "Bearer " + token
    with open(path, "rb") as file:

        async def piece():
            return file.read(_PIECE)

        status, _ = await http.post(modem, url, headers, piece, length)
    return status
