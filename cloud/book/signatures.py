"""A signature drawn with a finger: a small PNG from a stranger, judged and kept as a picture.

What a page's canvas gives is transparent with dark strokes; it is laid on white. Decoding is
bounded before it begins: by bytes, then by the size that the file itself tells.
"""

import base64
import binascii
import warnings
from io import BytesIO

from PIL import Image

from cloud.book import media

BYTES_MAX = 48 * 1024
PIXELS_MAX = 1_500_000  # a phone's canvas at three points a pixel
_STROKE_MIN = 40  # points of ink; less is a slip of the finger
_PREFIX = "data:image/png;base64,"


class BadSignature(ValueError):
    """This is no signature; the text is a stable word: `too-long, not-png, too-large, broken,
    empty`."""


def of_data_url(text: str) -> bytes:
    """The PNG in a `data:` address as a canvas gives it; BadSignature."""
    if len(text) > BYTES_MAX * 4 // 3 + 64:
        raise BadSignature("too-long")
    if not text.startswith(_PREFIX):
        raise BadSignature("not-png")
    try:
        return base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise BadSignature("broken") from None


def ready(png: bytes) -> media.Ready:
    """The signature on white, ready to be kept; BadSignature."""
    if len(png) > BYTES_MAX:
        raise BadSignature("too-long")
    if png[:8] != b"\x89PNG\r\n\x1a\n":
        raise BadSignature("not-png")
    try:
        with (
            warnings.catch_warnings(action="ignore"),
            Image.open(BytesIO(png), formats=["PNG"]) as one,
        ):
            if one.width * one.height > PIXELS_MAX:
                raise BadSignature("too-large")
            drawn = one.convert("RGBA")
    except (BadSignature, Image.DecompressionBombError):
        raise BadSignature("too-large") from None
    except (OSError, ValueError, SyntaxError) as error:
        raise BadSignature("broken") from error
    paper = Image.new("RGB", drawn.size, "white")
    paper.paste(drawn, mask=drawn.getchannel("A"))
    grey = paper.convert("L")
    if sum(grey.histogram()[:128]) < _STROKE_MIN:
        raise BadSignature("empty")
    made = BytesIO()
    grey.convert("RGB").save(made, "JPEG", quality=85)
    return media.ready(made.getvalue(), "signature")
