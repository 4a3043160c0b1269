"""Opens images safely, turns them upright, strips their metadata and scales them."""

import warnings
from contextlib import suppress
from io import BytesIO
from typing import NamedTuple

from PIL import Image, ImageOps

from chatbot.errors import InvalidAttachment
from chatbot.types import MediaType

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")

MAX_EDGE = 2000
"""Pixels of the longer edge. Anthropic refuses more if a request holds over 20 images; OpenAI's models read 2,048
unless they are asked to look closer."""

MAX_PIXELS = 64_000_000
"""More than phone cameras save by default, and 256 MB when opened."""

JPEG_QUALITY = 90
MAX_PNG_BYTES = 1_500_000
"""A larger image without transparency is a photograph: it is stored as JPEG, because it goes out with every message."""

PILLOWS_OWN = {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
"""What Pillow reports of an image that it saved without metadata."""

# Pillow only warns of images up to twice its own limit, which is above ours.
warnings.simplefilter("error", Image.DecompressionBombWarning)


class NormalizedImage(NamedTuple):
    """An image that is fit to be stored."""

    content: bytes
    media_type: MediaType
    width: int
    height: int


def is_image(content: bytes) -> bool:
    """Whether the content begins as one of the formats does."""
    return content.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")) or (
        content[:4] == b"RIFF" and content[8:12] == b"WEBP"
    )


def normalize_image(name: str, content: bytes) -> NormalizedImage:
    """The image upright, without metadata and at most MAX_EDGE; of an animation the first frame, which is what models
    see. Raises InvalidAttachment."""
    try:
        with Image.open(BytesIO(content), formats=FORMATS) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise Image.DecompressionBombError  # noqa: TRY301 - Pillow's own error, at our limit
            return _encode(_turn_upright(opened), opened.format == "JPEG")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise InvalidAttachment("too_many_pixels", name=name, most=MAX_PIXELS // 1_000_000) from None
    except Exception:  # Pillow's decoders raise OSError, SyntaxError, struct.error, IndexError and more
        raise InvalidAttachment("image_damaged", name=name) from None


def accept_normalized_image(content: bytes) -> NormalizedImage | None:
    """The image as it is if `normalize_image` made it, else None."""
    with suppress(Exception), Image.open(BytesIO(content), formats=("PNG", "JPEG")) as image:
        if max(image.size) <= MAX_EDGE and not image.getexif() and not set(image.info) - PILLOWS_OWN:
            image.load()
            media_type: MediaType = "image/png" if image.format == "PNG" else "image/jpeg"
            return NormalizedImage(content, media_type, *image.size)
    return None


def _turn_upright(image: Image.Image) -> Image.Image:
    """The image in RGB or RGBA, scaled, and turned as its EXIF orientation says."""
    exif = image.getexif()  # read before the conversion, which may lose it
    if image.format == "JPEG":
        image.draft("RGB", (MAX_EDGE, MAX_EDGE))  # decodes a large image at a fraction of its size and time
    elif image.mode.startswith("I"):  # 16-bit grey: a plain conversion would keep the lowest 8 bits
        image = image.point(lambda grey: grey / 256).convert("L")
    plain = image.convert("RGBA" if image.has_transparency_data else "RGB")
    plain.thumbnail((MAX_EDGE, MAX_EDGE), Image.Resampling.LANCZOS, reducing_gap=3.0)
    plain.getexif().update(exif)
    upright = ImageOps.exif_transpose(plain)
    upright.info.clear()  # encoders write some of it into the file
    return upright


def _encode(image: Image.Image, is_photograph: bool) -> NormalizedImage:
    if not is_photograph:
        content = _save(image, "PNG", optimize=True)
        if image.mode == "RGBA" or len(content) <= MAX_PNG_BYTES:
            return NormalizedImage(content, "image/png", *image.size)
    return NormalizedImage(_save(image.convert("RGB"), "JPEG", quality=JPEG_QUALITY), "image/jpeg", *image.size)


def _save(image: Image.Image, image_format: str, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, image_format, **options)
    return file.getvalue()
