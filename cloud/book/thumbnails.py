"""Small pictures for lists, made once when a picture comes. Decoding also shows that it is one."""

import warnings
from io import BytesIO

from PIL import Image, ImageOps

from cloud.book.jpeg import BadPicture

SIDE = 320  # points of the longer side at most
_QUALITY = 70


def small(data: bytes) -> bytes:
    """The picture at most SIDE points wide and high, right side up; BadPicture `broken`.

    A JPEG is decoded at an eighth of its size where that is enough, so a large one is quick.
    """
    try:
        with (
            warnings.catch_warnings(action="ignore"),
            Image.open(BytesIO(data), formats=["JPEG"]) as one,
        ):
            one.draft("RGB", (SIDE, SIDE))
            shown = ImageOps.exif_transpose(one).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadPicture("broken") from error
    shown.thumbnail((SIDE, SIDE))
    made = BytesIO()
    shown.save(made, "JPEG", quality=_QUALITY)
    return made.getvalue()
