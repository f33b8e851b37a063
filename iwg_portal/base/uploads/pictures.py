"""Pictures are written anew: place, device, times, comments, hidden frames and whatever hangs behind are gone."""

from __future__ import annotations

import io
from typing import Any

from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from iwg_portal.base.uploads import problems
from iwg_portal.base.uploads.kinds import Kind
from iwg_portal.base.uploads.problems import Refused

MAX_PIXELS = 40_000_000  # a page of A3 at 400 dots per inch; 160 MB while it is being written
_FORMATS = {"png": "PNG", "jpg": "JPEG", "webp": "WEBP"}
_PLAIN = {"PNG": ("1", "L", "LA", "RGB", "RGBA", "I;16"), "JPEG": ("L", "RGB"), "WEBP": ("RGB", "RGBA")}
_OPTIONS: dict[str, dict[str, Any]] = {
    "PNG": {"optimize": False},
    "JPEG": {"quality": 90, "optimize": True},
    "WEBP": {"quality": 90, "method": 2},
}


def rewritten(kind: Kind, content: bytes) -> bytes:
    """The same picture, upright, without metadata and colour profile. Errors: Refused."""
    name = _FORMATS[kind.extension]
    try:
        with Image.open(io.BytesIO(content), formats=[name]) as picture:
            _check_size(picture)
            picture.load()
            upright = ImageOps.exif_transpose(picture)
            return _written(_plain(upright, name), name)
    except Refused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large() from None
    except Exception:  # a hostile or broken picture makes the decoders raise nearly anything
        raise problems.damaged() from None


def _check_size(picture: Image.Image) -> None:
    """What the header says, before anything is decoded."""
    width, height = picture.size
    if width * height > MAX_PIXELS:
        raise _too_large()
    if getattr(picture, "is_animated", False) and picture.format != "MPO":
        raise Refused("animated", _("The picture moves; choose one that stands still."))


def _too_large() -> Refused:
    return Refused(
        "pixels",
        _("The picture has more than %(count)s million dots; save it smaller and choose it again.")
        % {"count": MAX_PIXELS // 1_000_000},
    )


def _plain(picture: Image.Image, name: str) -> Image.Image:
    """A new image of the dots alone: what the decoder kept besides is not copied."""
    if picture.mode not in _PLAIN[name]:
        see_through = picture.mode in ("LA", "PA", "RGBA", "RGBa", "La") or "transparency" in picture.info
        picture = picture.convert("RGBA" if see_through and name != "JPEG" else "RGB")
    elif "transparency" in picture.info:
        picture = picture.convert("RGBA")
    return Image.frombytes(picture.mode, picture.size, picture.tobytes())


def _written(picture: Image.Image, name: str) -> bytes:
    target = io.BytesIO()
    picture.save(target, name, **_OPTIONS[name])
    return target.getvalue()
