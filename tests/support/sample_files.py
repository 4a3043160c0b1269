"""Files to attach: valid ones, and some that are made to exhaust memory or time."""

import struct
import zlib
from io import BytesIO

from PIL import Image

from chatbot.attachments import PreparedAttachment, prepare

ORIENTATION, MAKE, GPS = 0x0112, 0x010F, 0x8825


def picture(kind: str = "PNG", size: tuple[int, int] = (60, 40), mode: str = "RGB", orientation: int = 1) -> bytes:
    """A picture with a red upper left quarter before `orientation` applies, and with a camera's name and GPS data."""
    image = Image.new(mode, size)
    if mode in ("RGB", "RGBA"):
        red = (255, 0, 0, 255)[: len(mode)]
        image.paste(red, (0, 0, size[0] // 2, size[1] // 2))
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKE] = orientation, "SecretCam"
    exif.get_ifd(GPS)[1] = "N"  # north
    file = BytesIO()
    image.save(file, kind, **({} if kind == "GIF" else {"exif": exif}))
    return file.getvalue()


def picture_bomb(width: int = 30_000, height: int = 30_000) -> bytes:
    """A PNG of a hundred bytes whose header claims these dimensions in pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )


def pdf(*pages: str) -> bytes:
    """A PDF with one page for each text."""
    return _pdf([f"BT /F1 24 Tf 72 700 Td ({words}) Tj ET".encode() if words else b"" for words in pages])


def pdf_bomb(times: int = 3_000_000) -> bytes:
    """A PDF of a few kilobytes with one page that takes long to read."""
    return _pdf([zlib.compress(b"BT /F1 1 Tf " + b"(a) Tj " * times + b"ET")], "/Filter/FlateDecode")


def _pdf(streams: list[bytes], coding: str = "") -> bytes:
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(streams)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {len(streams)}>>".encode(),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    for number, stream in enumerate(streams):
        page = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources<</Font<</F1 3 0 R>>>>"
        objects.append(f"{page}/Contents {5 + 2 * number} 0 R>>".encode())
        objects.append(f"<</Length {len(stream)}{coding}>>stream\n".encode() + stream + b"\nendstream")
    return pdf_of(objects)


def pdf_of(objects: list[bytes]) -> bytes:
    """A PDF of these objects, numbered from 1; the first is the catalog."""
    file, offsets = b"%PDF-1.4\n", b""
    for number, content in enumerate(objects, 1):
        offsets += b"%010d 00000 n \n" % len(file)
        file += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + offsets
    end = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(file))
    return file + table + end


def prepared(name: str) -> PreparedAttachment:
    """A valid attachment of the kind that the file name's extension says."""
    kinds = {"png": picture("PNG"), "jpg": picture("JPEG"), "pdf": pdf("Pears", "Plums"), "csv": b"a,b\n1,2\n"}
    return prepare(name, kinds[name.rpartition(".")[2]])
