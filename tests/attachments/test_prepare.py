"""Attachments of a message: detected by content, normalized, or refused with a message."""

import io
import resource
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from chatbot.attachments import attachment_form, attachment_text, attachment_tokens, prepare
from chatbot.attachments.images import MAX_EDGE, PILLOWS_OWN
from chatbot.attachments.prompt_text import fence_text
from chatbot.errors import InvalidAttachment
from chatbot.providers import traits
from chatbot.types import PROVIDER_NAMES, Attachment, FileContent, ModelProfile, SentAttachment
from tests.support.sample_files import pdf, pdf_bomb, picture, picture_bomb, prepared

SECOND = 1.0
"""Processor time, because wall-clock time depends on what else the machine is doing."""


def reads(images: bool | None, documents: bool | None) -> ModelProfile:
    return ModelProfile("any", reads_images=images, reads_documents=documents)


def decoded(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def refusal(name: str, content: bytes) -> str:
    with pytest.raises(InvalidAttachment) as refused:
        prepare(name, content)
    return str(refused.value)


def processor_seconds(act: Callable[[], Any]) -> float:
    """Returns the processor time of `act`, with that of the processes it starts."""

    def used() -> float:
        both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return sum(each.ru_utime + each.ru_stime for each in both)

    before = used()
    act()
    return used() - before


@pytest.mark.parametrize("name", ["any.txt", "picture.gif", "no-ending", "x.pdf"])
@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (picture("PNG"), "image/png"),
        (picture("JPEG"), "image/jpeg"),
        (picture("WEBP"), "image/png"),
        (picture("GIF", mode="P"), "image/png"),
        (pdf("Hello"), "application/pdf"),
        (b"hello", "text/plain"),
    ],
)
def test_the_content_and_not_the_name_determines_the_type(name: str, content: bytes, media_type: str) -> None:
    attachment = prepare(name, content).attachment
    assert (attachment.name, attachment.media_type) == (name, media_type)


CORNERS = [(0, 0), (1, 0), (1, 1), (0, 1)]
"""New position of the upper left corner by EXIF orientation: 1 to 4, and the same again from 5 on."""


@pytest.mark.first_case
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_an_image_is_rotated_upright(kind: str, orientation: int) -> None:
    corner = (CORNERS * 2)[orientation - 1]
    image = decoded(prepare("a", picture(kind, orientation=orientation)).file.content).convert("RGB")
    assert image.size == ((60, 40) if orientation < 5 else (40, 60))
    red, _, _ = image.getpixel((4 + corner[0] * (image.width - 9), 4 + corner[1] * (image.height - 9)))  # type: ignore[misc]
    assert red > 200


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_metadata_of_an_image_is_removed(kind: str) -> None:
    before = picture(kind)
    assert b"SecretCam" in before
    content = prepare("a", before).file.content
    assert b"SecretCam" not in content
    image = decoded(content)
    assert not image.getexif()
    assert set(image.info) <= PILLOWS_OWN


@pytest.mark.first_case
@pytest.mark.parametrize(
    ("kind", "mode"), [("JPEG", "RGB"), ("JPEG", "CMYK"), ("PNG", "RGBA"), ("PNG", "I;16"), ("PNG", "1")]
)
def test_a_large_image_is_scaled_down(kind: str, mode: str) -> None:
    attachment = prepare("a", picture(kind, (3000, 1500), mode)).attachment
    assert (attachment.width, attachment.height) == (MAX_EDGE, MAX_EDGE // 2)


def test_transparency_is_preserved() -> None:
    assert decoded(prepare("a", picture("WEBP", mode="RGBA")).file.content).mode == "RGBA"


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.pdf", "a.csv"])
def test_a_normalized_file_is_not_changed_again(name: str) -> None:
    once = prepared(name)
    assert prepare(name, once.file.content, keep_normalized=True) == once


def test_keep_normalized_still_removes_metadata() -> None:
    assert b"SecretCam" not in prepare("a", picture("JPEG"), keep_normalized=True).file.content


def test_a_pdf_is_stored_unchanged_with_its_text() -> None:
    content = pdf("Pears", "Plums")
    document = prepare("a.pdf", content)
    assert document.file == FileContent(content, "Pears\n\nPlums")
    assert (document.attachment.pages, document.attachment.text_size) == (2, 12)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Grüße, 漢字 🙂\r\n\tx", "utf-8"),
        ("Grüße, 漢字", "utf-8-sig"),
        ("Grüße, 漢字", "utf-16"),
        ("Name;Straße\nMüller – 5 €\n", "cp1252"),
        ("Un élève français, déjà là où l'été passe vite.\n", "latin-1"),
        ("Привет, мир! Это обычный текст на русском языке в старой кодировке.\n", "cp1251"),
        ("吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。\n", "shift_jis"),
        ("\x1b[31mred\x1b[0m 10%\b\b\b20%\n", "ascii"),
    ],
)
def test_text_in_many_encodings_is_decoded(text: str, encoding: str) -> None:
    file = prepare("a.log", text.encode(encoding)).file
    assert (file.text, file.content) == (text, text.encode())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"PK\x03\x04\x14\x00\x00\x00", "neither a picture"),
        (bytes(range(256)), "neither a picture"),
        (b"\x7fELF\x02\x01\x01\x00", "neither a picture"),
        (b"a\0b", "neither a picture"),
        (b"a" * 2_000_001, "2.1 MB of text"),
        (picture("PNG")[:120], "damaged"),
        (picture("JPEG")[:200], "damaged"),
        (b"GIF89a", "damaged"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "damaged"),
        (b"%PDF-1.7\nnothing more", "damaged"),
        (pdf("Hello")[:100], "damaged"),
        (pdf(), "damaged"),
        (pdf(*["."] * 601), "more than 600 pages"),
    ],
)
def test_anything_else_is_refused_with_a_message_naming_it(content: bytes, message: str) -> None:
    said = refusal("holiday.png", content)
    assert said.startswith("“holiday.png” ")
    assert message in said


@pytest.mark.first_case
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (picture_bomb(), "64 million pixels"),
        (picture_bomb(9000, 9000), "64 million pixels"),
        (picture_bomb(100_000, 1), "damaged"),
        (pdf_bomb(), "damaged"),
    ],
)
def test_a_decompression_bomb_is_refused_within_a_second(content: bytes, message: str) -> None:
    assert len(content) < 100_000
    took = processor_seconds(lambda: message in refusal("a", content) or pytest.fail("another message"))
    assert took < SECOND


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=60), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"RIFFxxxxWEBP"])
)
def test_any_bytes_are_accepted_or_refused(content: bytes, start: bytes) -> None:
    try:
        attachment = prepare("a", start + content).attachment
    except InvalidAttachment:
        return
    assert attachment.media_type == "text/plain"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\files\\a.txt", "a.txt"),
        ("a\nb\0c.txt", "a b c.txt"),
        ("a`b.txt", "a'b.txt"),
        ("x" * 300 + ".csv", "x" * 116 + ".csv"),
        ("half \ud83d", "half \ufffd"),
        ("می‌خواهم.txt", "می‌خواهم.txt"),
        ("👨‍👩‍👧.txt", "👨‍👩‍👧.txt"),
        ("\u200d\u202ea.txt", "a.txt"),
        ("x" * 115 + "🇩🇪🇫🇷.csv", "x" * 115 + ".csv"),
        ("", "file"),
    ],
)
def test_a_file_name_is_sanitized(name: str, expected: str) -> None:
    assert prepare(name, b"text").attachment.name == expected


def test_a_text_is_fenced_under_its_name() -> None:
    assert fence_text("a.py", "print(1)") == "a.py:\n```py\nprint(1)\n```"


@settings(deadline=None)
@given(st.lists(st.sampled_from(["`", "\n", " ", "a", "```", "````"])).map("".join))
def test_no_text_can_close_its_own_fence(text: str) -> None:
    lines = fence_text("a.md", text).split("\n")
    fence = lines[-1]
    assert set(fence) == {"`"}
    assert lines[1] == f"{fence}md"
    assert not any(line.lstrip(" ").startswith(fence) for line in lines[2:-1])


@pytest.mark.parametrize(
    ("name", "profile", "form"),
    [
        ("a.png", reads(True, True), "whole"),
        ("a.png", reads(None, None), "whole"),
        ("a.png", reads(False, None), "name"),
        ("a.pdf", reads(True, True), "whole"),
        ("a.pdf", reads(None, None), "text"),
        ("a.pdf", reads(True, False), "text"),
        ("a.csv", reads(True, True), "text"),
    ],
)
def test_the_form_of_an_attachment_depends_on_the_model(name: str, profile: ModelProfile, form: str) -> None:
    assert attachment_form(prepared(name).attachment, profile) == form


def test_a_text_model_gets_only_a_textless_pdfs_name() -> None:
    assert attachment_form(prepare("a.pdf", pdf("")).attachment, reads(False, False)) == "name"


def test_a_missing_or_omitted_file_is_mentioned() -> None:
    file = prepared("a.csv")
    known = {file.attachment.attachment_id: file.file}
    assert "not shown" in attachment_text(SentAttachment(file.attachment, "text"), {})
    assert "not shown" in attachment_text(SentAttachment(file.attachment, "name"), known)
    assert "1,2" in attachment_text(SentAttachment(file.attachment, "text"), known)


@pytest.mark.parametrize("provider", PROVIDER_NAMES)
def test_a_larger_file_counts_more_tokens(provider: Any) -> None:
    small, large = (Attachment("", "a", "image/png", 1, width=size, height=size) for size in (100, 1000))
    profile = traits(provider, "any")
    short, long = (Attachment("", "a", "application/pdf", 1, pages=count, text_size=count) for count in (1, 9))
    for less, more in ((small, large), (short, long)):
        few, many = (attachment_tokens(SentAttachment(each, "whole"), profile) for each in (less, more))
        assert few < many


def test_image_tokens_match_the_providers_guides_or_slightly_more() -> None:
    photo = SentAttachment(Attachment("", "a", "image/png", 1, width=1024, height=1024), "whole")
    assert 1369 <= attachment_tokens(photo, traits("anthropic", "any")) <= 1600  # (1024 / 28)²
    assert (
        1229 <= attachment_tokens(photo, traits("openai", "any")) <= 1800
    )  # (1024 / 32)² × 1.2, × 1.62 for the small ones
