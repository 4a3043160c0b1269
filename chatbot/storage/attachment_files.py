"""SessionFiles: the files of one session on disk, each beside the conversation that it came with, by its hash."""

import os
import re
import shutil
import time
from collections.abc import Collection, Iterator
from pathlib import Path

import orjson
from pydantic import TypeAdapter, ValidationError

from chatbot.attachments import Prepared
from chatbot.storage.atomic_json import make_directory, replace_file, sync_directory
from chatbot.types import Attachment, FileContent

UPLOADS = "_uploads"
"""Where files wait that no message has come with yet. It cannot be a conversation's id."""
UPLOAD_SECONDS = 24 * 3600
"""How long they wait."""

HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)
"""What can be an attachment's id, and so a file's name."""

ATTACHMENT = TypeAdapter(Attachment)


class AttachmentFiles:
    """A directory at `path` with one for each conversation that has files: two conversations with the same file have
    one each, so each goes with its own. Methods raise OSError; they rely on a lock held by the caller."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def size(self) -> int:
        """The bytes of all files."""
        return sum(entry.stat().st_size for directory in self._directories() for entry in os.scandir(directory))

    def upload(self, prepared: Prepared) -> None:
        """Keep a file for a message that is yet to be sent."""
        self.put(UPLOADS, prepared)
        about = orjson.dumps(prepared.attachment)
        replace_file(self.path / UPLOADS / f"{prepared.attachment.attachment_id}.json", about)

    def uploaded(self, attachment_id: str) -> Attachment | None:
        """A file that waits for its message; None where there is none of that id."""
        path = self.path / UPLOADS / f"{attachment_id}.json"
        if not HASH.fullmatch(attachment_id) or not path.exists():
            return None
        try:
            return ATTACHMENT.validate_json(path.read_bytes())
        except ValidationError:  # cut off by a full disk long ago, or by hand
            return None

    def keep(self, conversation_id: str, attachment_id: str) -> None:
        """Put a file that waits beside a conversation. It waits on, until `forget`: the message may not be stored."""
        directory = self.path / conversation_id
        make_directory(directory)
        for name in (attachment_id, _text_of(attachment_id)):
            source, target = self.path / UPLOADS / name, directory / name
            if source.exists() and not target.exists():
                try:
                    os.link(source, target)
                except OSError:  # not every file system has links
                    replace_file(target, source.read_bytes())
        sync_directory(directory)

    def forget(self, attachment_id: str) -> None:
        """Remove a file that waits."""
        for name in (attachment_id, _text_of(attachment_id), f"{attachment_id}.json"):
            (self.path / UPLOADS / name).unlink(missing_ok=True)

    def put(self, conversation_id: str, prepared: Prepared) -> None:
        """Put a file beside a conversation."""
        attachment_id = prepared.attachment.attachment_id
        replace_file(self.path / conversation_id / attachment_id, prepared.file.content)
        if prepared.attachment.is_document:
            replace_file(self.path / conversation_id / _text_of(attachment_id), prepared.file.text.encode())

    def read(self, conversation_id: str, attachment: Attachment) -> FileContent | None:
        """A file's content; None where it is gone."""
        path = self.path / conversation_id / attachment.attachment_id
        if not HASH.fullmatch(attachment.attachment_id) or not path.exists():
            return None
        content = path.read_bytes()
        if attachment.is_document:
            return FileContent(content, path.with_name(_text_of(path.name)).read_text("utf-8"))
        return FileContent(content, "" if attachment.is_image else content.decode("utf-8", "replace"))

    def prune(self, conversation_id: str, used: Collection[str]) -> None:
        """Remove the conversation's files but those that are used."""
        directory = self.path / conversation_id
        if not directory.is_dir():
            return
        for entry in list(os.scandir(directory)):
            if entry.name.removesuffix(".txt") not in used:
                os.unlink(entry)
        if not used:
            directory.rmdir()
        sync_directory(directory.parent)

    def sweep(self, conversations: Collection[str]) -> None:
        """Remove what a killed process may have left: files without their conversation; and what waited too long."""
        for directory in self._directories():
            if directory.name == UPLOADS:
                for entry in list(os.scandir(directory)):
                    if entry.stat().st_mtime < time.time() - UPLOAD_SECONDS:
                        os.unlink(entry)
            elif directory.name not in conversations:
                shutil.rmtree(directory)

    def _directories(self) -> Iterator[Path]:
        if self.path.is_dir():
            yield from list(self.path.iterdir())


def _text_of(attachment_id: str) -> str:
    """The name of the text that was read from a PDF."""
    return f"{attachment_id}.txt"
