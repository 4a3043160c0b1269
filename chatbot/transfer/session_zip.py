"""All conversations of a session as one zip file, and the way back."""

import gc
import re
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from typing import IO
from unicodedata import normalize
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import orjson

from chatbot.errors import ChatbotError, InvalidFile, NotFound, ShuttingDown
from chatbot.storage.conversation_memory import ConversationMemory
from chatbot.transfer.conversation_json import (
    ExportedConversation,
    attachments_of,
    export_json,
    export_markdown,
    parse,
    restore,
)
from chatbot.types import Attachment, Conversation

LARGEST = 512 * 1024 * 1024
"""Bytes that an import may have when it is unpacked."""
MOST_MEMBERS = 20_000
MOST_VALUES = 5_000_000
"""Values in the JSON of one conversation, by its brackets and commas: of the smallest ones a hundred megabytes hold
thirty million, which Python would make three gigabytes of. These take half a second, at most half a gigabyte."""
MOST_MESSAGES = 100_000
"""In one conversation. To check so many takes a second, in which nothing else happens in this process."""
LONGEST_SECONDS = 120.0
"""How long an import may take: others wait for its end with theirs."""
LONGEST_NAME = 50
"""Characters of a title in a file's name."""

EARLIEST = "1980-01-01T00:00:00"
"""Before it no zip file can date anything."""
LATEST = "2107-12-31T23:59:58"

FILES = "files/"
"""Where in a zip the messages' files are, each once, by its id."""
ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "application/pdf": "pdf", "text/plain": "txt"}

BROKEN = (BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, OSError, ValueError, OverflowError)
"""What reading a zip file raises where it was not made as ours are."""


def write_zip(memory: ConversationMemory, file: IO[bytes]) -> None:
    """Write all conversations of the session to `file` as a zip, each as JSON and as Markdown with its files beside it,
    one after the other, so that it takes the memory of one. Raises StorageError."""
    taken: set[str] = set()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for conversation in memory.list_conversations():
            conversation_id = conversation.conversation_id
            try:
                as_json = export_json(memory, conversation_id, with_files=False)
                as_markdown = export_markdown(
                    conversation, memory.get_messages(conversation_id, limit=None), _member_of
                )
                attachments = attachments_of(memory.all_messages(conversation_id))
                new = {each.attachment_id: each for each in attachments if _member_of(each) not in taken}
                files = memory.get_files(conversation_id, new.values())
            except NotFound:  # deleted meanwhile
                continue
            name = _name(conversation, taken)
            archive.writestr(_member(f"{name}.json", conversation), as_json)
            archive.writestr(_member(f"{name}.md", conversation), as_markdown)
            for attachment_id, each in files.items():
                taken.add(member := _member_of(new[attachment_id]))
                archive.writestr(_member(member, conversation), each.content)


def export_zip(memory: ConversationMemory) -> bytes:
    """All conversations of the session as a zip. Raises StorageError."""
    file = BytesIO()
    write_zip(memory, file)
    return file.getvalue()


def import_file(memory: ConversationMemory, content: bytes, is_over: Callable[[], bool] = lambda: False) -> list[str]:
    """Store the conversation of a JSON file, or all those of a zip, as new ones; returns their ids. Of a zip it takes
    the memory of one at a time.

    Raises InvalidFile where the file, or anything in a zip, is nothing that this app exported, or takes too long;
    TooLarge, TooManyConversations and Full where there is no room for it; StorageError; and Closing as soon as
    `is_over`. Either way nothing is changed then.
    """
    is_zip = content.startswith(b"PK")
    clock = _Clock(is_over)
    find = _finder(content) if is_zip else lambda _: None
    restored: list[str] = []
    try:
        for each in _unpacked(content) if is_zip else [content]:
            clock.check()
            restored.append(restore(memory, _parsed(each), clock.checked(find)))
    except ChatbotError:
        for conversation_id in restored:
            memory.delete_conversation(conversation_id)
        raise
    return restored


class _Clock:
    """When an import has to end."""

    def __init__(self, is_over: Callable[[], bool]) -> None:
        self._is_over = is_over
        self._until = time.monotonic() + LONGEST_SECONDS

    def check(self) -> None:
        """Raise Closing or InvalidFile where it is so."""
        if self._is_over():
            raise ShuttingDown
        if time.monotonic() > self._until:
            raise InvalidFile(
                "This file takes too long to read. Nothing was changed. Import its conversations one by one."
            )

    def checked(self, find: Callable[[str], bytes | None]) -> Callable[[str], bytes | None]:
        """`find`, which checks each time."""

        def found(attachment_id: str) -> bytes | None:
            self.check()
            return find(attachment_id)

        return found


def _unpacked(content: bytes) -> Iterator[bytes]:
    """The conversations' files in a zip, one after the other."""
    try:
        with ZipFile(BytesIO(content)) as archive:
            members = archive.infolist()
            if len(members) > MOST_MEMBERS or sum(member.file_size for member in members) > LARGEST:
                raise InvalidFile("This zip file holds more than can be imported at once. Nothing was changed.")
            wanted = [member for member in members if member.filename.endswith(".json")]
            if any(member.compress_type not in (ZIP_STORED, ZIP_DEFLATED) for member in wanted):
                raise InvalidFile
            if not wanted:
                raise InvalidFile("There is no conversation in this zip file. Nothing was changed.")
            for member in wanted:
                yield archive.read(member)
    except BROKEN:
        raise InvalidFile("This zip file is damaged, or was not made by this app. Nothing was changed.") from None


def _finder(content: bytes) -> Callable[[str], bytes | None]:
    """Finds attachments' contents in a zip by their ids."""
    try:
        archive = ZipFile(BytesIO(content))
    except BROKEN:
        return lambda _: None  # whoever reads the conversations will tell
    members = {member.filename.removeprefix(FILES).partition(".")[0]: member for member in archive.infolist()}

    def find(attachment_id: str) -> bytes | None:
        member = members.get(attachment_id)
        if member and member.compress_type in (ZIP_STORED, ZIP_DEFLATED):
            with suppress(*BROKEN):
                return archive.read(member)
        return None

    return find


def _parsed(content: bytes) -> ExportedConversation:
    too_large = InvalidFile("This file is larger than can be imported. Nothing was changed.")
    if len(content) > LARGEST or sum(map(content.count, (b"[", b"{", b","))) > MOST_VALUES:
        raise too_large
    try:
        with _no_garbage_collector():
            known = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise InvalidFile from None
    if isinstance(known, dict) and isinstance(known.get("messages"), list) and len(known["messages"]) > MOST_MESSAGES:
        raise too_large
    return parse(known)


@contextmanager
def _no_garbage_collector() -> Iterator[None]:
    """Inside, Python does not look through what is being made, again and again, which takes seven times as long."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _member_of(attachment: Attachment) -> str:
    return f"{FILES}{attachment.attachment_id}.{ENDINGS[attachment.media_type]}"


def _name(conversation: Conversation, taken: set[str]) -> str:
    """A file name that every system accepts, and that is not taken: the title's letters and digits, and a short id."""
    words = re.sub(r"[^\w-]+", " ", normalize("NFC", conversation.title)).split()
    title = " ".join(words)[:LONGEST_NAME].strip() or "Conversation"
    name = f"{title} {conversation.conversation_id[:8]}"
    if name.casefold() in taken:
        name = f"{title} {conversation.conversation_id}"
    taken.add(name.casefold())
    return name


def _member(name: str, conversation: Conversation) -> ZipInfo:
    changed = min(max(conversation.updated_at[:19], EARLIEST), LATEST)
    year, month, day, hour, minute, second = map(int, re.findall(r"\d+", changed))
    member = ZipInfo(name, (year, month, day, hour, minute, second))
    member.compress_type = ZIP_DEFLATED
    member.external_attr = 0o600 << 16
    return member
