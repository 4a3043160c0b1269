"""Pictures: recognised, opened with care, turned upright, stripped of what their makers wrote into them, scaled."""

import warnings
from contextlib import suppress
from io import BytesIO
from typing import NamedTuple

from PIL import Image, ImageOps

from chatbot.errors import InvalidAttachment
from chatbot.types import MediaType

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")

EDGE = 2000
"""Pixels of a picture's longer edge. Anthropic refuses more where a request holds over 20 pictures; OpenAI's models
read 2,048 unless they are asked to look closer."""

MOST_PIXELS = 64_000_000
"""More than telephones' cameras save by default, and 256 MB when it is opened."""

JPEG_QUALITY = 90
LARGEST_PNG = 1_500_000
"""Bytes beyond which a picture without transparency is kept as JPEG: it is a photograph then, and goes out with every
message that follows."""

OUR_OWN = {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
"""What Pillow says of a picture that it saved without any extras."""

# Pillow only warns of pictures up to twice its own limit, which is above ours.
warnings.simplefilter("error", Image.DecompressionBombWarning)


class Picture(NamedTuple):
    """A picture that is fit to be kept."""

    content: bytes
    media_type: MediaType
    width: int
    height: int


def is_image(content: bytes) -> bool:
    """Whether the content begins as one of the formats does."""
    return content.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")) or (
        content[:4] == b"RIFF" and content[8:12] == b"WEBP"
    )


def normalize_image(name: str, content: bytes) -> Picture:
    """The picture, upright, plain and no larger than EDGE; of an animation the first frame, which is what models see.
    Raises InvalidAttachment."""
    try:
        with Image.open(BytesIO(content), formats=FORMATS) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise Image.DecompressionBombError  # noqa: TRY301 - as Pillow has it, only sooner
            return _encoded(_upright(opened), opened.format == "JPEG")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        most = MOST_PIXELS // 1_000_000
        raise InvalidAttachment(f"“{name}” has more than {most} million pixels. Make it smaller first.") from None
    except Exception:  # Pillow's decoders raise what they like: OSError, SyntaxError, struct.error, IndexError…
        raise InvalidAttachment(f"“{name}” is damaged: it cannot be opened as a picture.") from None


def accept_normalized_image(content: bytes) -> Picture | None:
    """The picture as it is, where it is as `prepared_picture` leaves one; else None."""
    with suppress(Exception), Image.open(BytesIO(content), formats=("PNG", "JPEG")) as image:
        if max(image.size) <= EDGE and not image.getexif() and not set(image.info) - OUR_OWN:
            image.load()
            return Picture(content, "image/png" if image.format == "PNG" else "image/jpeg", *image.size)
    return None


def _upright(image: Image.Image) -> Image.Image:
    """The picture in RGB or RGBA, scaled and turned as its camera says."""
    turn = image.getexif()  # read before the picture is converted, which may lose it
    if image.format == "JPEG":
        image.draft("RGB", (EDGE, EDGE))  # decodes a large one at a fraction of its size, and so of the time
    elif image.mode.startswith("I"):  # 16 bits of grey, of which a plain conversion would keep the lowest 8
        image = image.point(lambda grey: grey / 256).convert("L")
    plain = image.convert("RGBA" if image.has_transparency_data else "RGB")
    plain.thumbnail((EDGE, EDGE), Image.Resampling.LANCZOS, reducing_gap=3.0)
    plain.getexif().update(turn)
    upright = ImageOps.exif_transpose(plain)
    upright.info.clear()  # encoders write some of it into the file
    return upright


def _encoded(image: Image.Image, is_photograph: bool) -> Picture:
    if not is_photograph:
        content = _saved(image, "PNG", optimize=True)
        if image.mode == "RGBA" or len(content) <= LARGEST_PNG:
            return Picture(content, "image/png", *image.size)
    return Picture(_saved(image.convert("RGB"), "JPEG", quality=JPEG_QUALITY), "image/jpeg", *image.size)


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()
