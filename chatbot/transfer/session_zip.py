"""All conversations and notes of a session as one zip file, and the way back."""

import re
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BytesIO
from typing import IO
from unicodedata import category, normalize
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import orjson

from chatbot.errors import ChatbotError, InvalidFile, NotFound, ShuttingDown
from chatbot.storage import ConversationMemory
from chatbot.transfer.conversation_json import (
    ExportedConversation,
    attachments_of,
    export_json,
    parse,
    restore,
)
from chatbot.transfer.markdown import export_markdown
from chatbot.transfer.notes import (
    NOTES_JSON,
    NOTES_MARKDOWN,
    ExportedNote,
    export_notes,
    export_notes_markdown,
    import_notes,
    parse_notes,
)
from chatbot.types import Attachment, Conversation, cut

MAX_UNPACKED_BYTES = 512 * 1024 * 1024
MAX_MEMBERS = 20_000
MAX_VALUES = 5_000_000
"""JSON values of one conversation, counted by brackets and commas: Python makes half a gigabyte of so many."""
MAX_NOTES_BYTES = 4 * 1024 * 1024
MAX_SECONDS = 120.0
"""The longest import: other imports wait for its end."""
MAX_NAME_LENGTH = 50
"""Characters of a title in a file's name."""

JOINERS = "\u200c\u200d"
"""ZWNJ and ZWJ."""

EARLIEST, LATEST = "1980-01-01T00:00:00", "2107-12-31T23:59:58"
"""The times that a zip file can have."""

FILES = "files/"
"""The folder of the messages' attachments in a zip, each once, by its id."""
EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "application/pdf": "pdf", "text/plain": "txt"}

DAMAGED = (BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, OSError, ValueError, OverflowError)
"""What the zipfile module raises for files that are not as ours."""


def write_zip(memory: ConversationMemory, file: IO[bytes]) -> None:
    """Writes all conversations of the session to `file`, each as JSON and as Markdown, with their attachments, and its
    notes. It takes the memory of one conversation at a time. Raises StorageError."""
    names: set[str] = set()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for conversation in memory.list_conversations():
            with suppress(NotFound):  # deleted meanwhile
                _write_conversation(memory, conversation, archive, names)
        if notes := memory.notes.list():
            archive.writestr(_member(NOTES_JSON, notes[0].created_at), export_notes(notes))
            archive.writestr(_member(NOTES_MARKDOWN, notes[0].created_at), export_notes_markdown(notes))


def _write_conversation(
    memory: ConversationMemory, conversation: Conversation, archive: ZipFile, names: set[str]
) -> None:
    conversation_id = conversation.conversation_id
    as_json = export_json(memory, conversation_id, with_files=False)
    messages, summaries = memory.get_messages(conversation_id, limit=None), memory.summaries.list(conversation_id)
    as_markdown = export_markdown(conversation, messages, _attachment_path, summaries)
    attachments = attachments_of(memory.all_messages(conversation_id))
    new = {each.attachment_id: each for each in attachments if _attachment_path(each) not in names}
    files = memory.attachments.get_all(conversation_id, new.values())
    name = _file_name(conversation, names)
    archive.writestr(_member(f"{name}.json", conversation.updated_at), as_json)
    archive.writestr(_member(f"{name}.md", conversation.updated_at), as_markdown)
    for attachment_id, each in files.items():
        names.add(path := _attachment_path(new[attachment_id]))
        archive.writestr(_member(path, conversation.updated_at), each.content)


def export_zip(memory: ConversationMemory) -> bytes:
    """All conversations of the session as a zip. Raises StorageError."""
    file = BytesIO()
    write_zip(memory, file)
    return file.getvalue()


def import_file(
    memory: ConversationMemory, content: bytes, is_cancelled: Callable[[], bool] = lambda: False
) -> list[str]:
    """Stores the conversation of a JSON file, or all those of a zip with its notes; returns the conversations' new ids.
    Of a zip it takes the memory of one conversation at a time.

    Raises InvalidFile if the file, or anything in a zip, was not exported by this app, is too large, or takes too
    long; TooLarge, TooManyConversations and TooManySessions; StorageError; ShuttingDown as soon as `is_cancelled`.
    Nothing is changed then.
    """
    is_zip = content.startswith(b"PK")
    deadline = time.monotonic() + MAX_SECONDS
    find_content = _content_finder(content) if is_zip else lambda _: None
    restored: list[str] = []

    def check() -> None:
        if is_cancelled():
            raise ShuttingDown
        if time.monotonic() > deadline:
            raise InvalidFile("import_slow")

    def find_in_time(attachment_id: str) -> bytes | None:
        check()
        return find_content(attachment_id)

    try:
        for each in _conversation_members(content) if is_zip else [content]:
            check()
            restored.append(restore(memory, _parse(each), find_in_time))
        if is_zip:
            import_notes(memory, _notes_in(content))
    except ChatbotError:
        for conversation_id in restored:
            memory.delete_conversation(conversation_id)
        raise
    return restored


def _conversation_members(content: bytes) -> Iterator[bytes]:
    """The conversations' JSON files in a zip, one after the other."""
    try:
        with ZipFile(BytesIO(content)) as archive:
            members = _own_members(archive)
            if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
                raise InvalidFile("import_too_much")
            has_notes = any(_base_name(member) == NOTES_JSON for member in members)
            members = [member for member in members if _base_name(member) != NOTES_JSON]
            conversations = [member for member in members if member.filename.endswith(".json")]
            if not all(map(_is_readable, conversations)):
                raise InvalidFile
            if not conversations and not has_notes:
                raise InvalidFile("import_empty")
            for member in conversations:
                yield archive.read(member)
    except DAMAGED:
        raise InvalidFile("import_zip_damaged") from None


def _notes_in(content: bytes) -> list[ExportedNote]:
    """The notes in a zip, if there are any. Raises InvalidFile."""
    try:
        with ZipFile(BytesIO(content)) as archive:
            members = [each for each in _own_members(archive) if _base_name(each) == NOTES_JSON]
            if not all(_is_readable(each) and each.file_size <= MAX_NOTES_BYTES for each in members):
                raise InvalidFile
            return [note for each in members for note in parse_notes(orjson.loads(archive.read(each)))]
    except (*DAMAGED, orjson.JSONDecodeError):
        raise InvalidFile("import_zip_damaged") from None


def _content_finder(content: bytes) -> Callable[[str], bytes | None]:
    """Returns a function that finds attachments' contents in a zip by their ids."""
    try:
        archive = ZipFile(BytesIO(content))
    except DAMAGED:
        return lambda _: None  # `_conversation_members` raises
    members = {_base_name(member).partition(".")[0]: member for member in _own_members(archive)}

    def find(attachment_id: str) -> bytes | None:
        member = members.get(attachment_id)
        if member and _is_readable(member):
            with suppress(*DAMAGED):
                return archive.read(member)
        return None

    return find


def _own_members(archive: ZipFile) -> list[ZipInfo]:
    """The members without those that file managers add when somebody repacks a zip."""
    members = [member for member in archive.infolist() if not member.is_dir()]
    return [m for m in members if "__MACOSX" not in m.filename.split("/") and not _base_name(m).startswith(".")]


def _base_name(member: ZipInfo) -> str:
    """The name without folders: a repacked zip has one around everything."""
    return member.filename.replace("\\", "/").rpartition("/")[2]


def _is_readable(member: ZipInfo) -> bool:
    """Whether it is compressed as ours are: other methods have no bound on memory."""
    return member.compress_type in (ZIP_STORED, ZIP_DEFLATED)


def _parse(content: bytes) -> ExportedConversation:
    if len(content) > MAX_UNPACKED_BYTES or sum(map(content.count, (b"[", b"{", b","))) > MAX_VALUES:
        raise InvalidFile("import_large")
    try:
        return parse(orjson.loads(content))
    except orjson.JSONDecodeError:
        raise InvalidFile from None


def _attachment_path(attachment: Attachment) -> str:
    return f"{FILES}{attachment.attachment_id}.{EXTENSIONS[attachment.media_type]}"


def _file_name(conversation: Conversation, names: set[str]) -> str:
    """A file name that every system accepts and that is not among `names`, to which it is added."""
    title = title_as_file_name(conversation.title) or "Conversation"
    name = f"{title} {conversation.conversation_id[:8]}"
    if name.casefold() in names:
        name = f"{title} {conversation.conversation_id}"
    names.add(name.casefold())
    return name


def title_as_file_name(title: str) -> str:
    """The title as every system accepts it in a file's name, without an extension; may be empty."""
    letters = (each if _is_letter(each) else " " for each in normalize("NFC", title))
    words = (word.strip(JOINERS) for word in "".join(letters).split())
    return cut(" ".join(filter(None, words)), MAX_NAME_LENGTH).strip()


def _is_letter(character: str) -> bool:
    """Whether a file name may have it: letters with their marks, and the joiners inside words of some scripts."""
    return character.isalnum() or character in f"_-{JOINERS}" or category(character).startswith("M")


def _member(name: str, changed_at: str) -> ZipInfo:
    changed = min(max(changed_at[:19], EARLIEST), LATEST)
    year, month, day, hour, minute, second = map(int, re.findall(r"\d+", changed))
    member = ZipInfo(name, (year, month, day, hour, minute, second))
    member.compress_type = ZIP_DEFLATED
    member.external_attr = 0o600 << 16
    return member
