"""SessionAttachments: the attachments of a session's messages, as files beside its conversations."""

import re
import time
from collections.abc import Collection, Iterable, Sequence

import orjson
from pydantic import TypeAdapter, ValidationError

from chatbot.attachments import PreparedAttachment
from chatbot.errors import NotFound
from chatbot.storage.session_directory import SessionDirectory
from chatbot.types import Attachment, FileContent

FILES = "files"
UPLOADS = "_uploads"
"""The folder of uploads that no message has yet. It cannot be a conversation's id."""
UPLOAD_SECONDS = 24 * 3600
"""How long an upload waits for its message."""

ATTACHMENT_ID = re.compile(r"[0-9a-f]{64}", re.ASCII)
ATTACHMENT = TypeAdapter(Attachment)


class SessionAttachments:
    """A folder for each conversation that has attachments, and in it a file for each, named by its hash.

    Two conversations with the same attachment have a file each, so that each is deleted with its conversation. Methods
    block for as long as the disk takes, and raise StorageError.
    """

    def __init__(self, directory: SessionDirectory) -> None:
        self._directory = directory
        self._folder = directory.folder

    def upload(self, prepared: PreparedAttachment) -> None:
        """Stores an attachment for a message that is yet to come. Raises TooLarge."""
        with self._directory.lock():
            self._sweep(self._directory.ids())
            self.check_size(len(prepared.file.content))
            self._put_upload(prepared)

    def attach_uploads(self, conversation_id: str, attachment_ids: Iterable[str]) -> tuple[Attachment, ...]:
        """Copies uploads to a conversation, for a message to have them. They stay uploads until `delete_uploads`: the
        message may not get stored. Raises NotFound if one is missing."""
        with self._directory.lock():
            attachments = self.uploads(attachment_ids)
            for attachment in attachments:
                self._link(conversation_id, attachment.attachment_id)
        return attachments

    def uploads(self, attachment_ids: Iterable[str]) -> tuple[Attachment, ...]:
        """The uploads with these ids. Raises NotFound if one is missing."""
        with self._directory.lock():
            found = [self._read_upload(each) for each in dict.fromkeys(attachment_ids)]
        attachments = tuple(each for each in found if each)
        if len(attachments) < len(found):
            raise NotFound("upload")
        return attachments

    def delete_uploads(self, attachment_ids: Iterable[str]) -> None:
        """Removes uploads once their message is stored."""
        with self._directory.lock():
            for each in attachment_ids:
                for name in (each, _text_name(each), f"{each}.json"):
                    self._folder.delete(f"{FILES}/{UPLOADS}/{name}")

    def return_to_uploads(self, conversation_id: str, attachments: Iterable[Attachment]) -> None:
        """Makes the attachments of an undone message uploads again."""
        with self._directory.lock():
            for each in attachments:
                if file := self._read(conversation_id, each):
                    self._put_upload(PreparedAttachment(each, file))

    def get(self, conversation_id: str, attachment_id: str) -> tuple[Attachment, FileContent]:
        """An attachment of a conversation's message. Raises NotFound."""
        with self._directory.read(conversation_id) as conversation:
            for message in conversation.messages():
                for attachment in message.attachments:
                    if attachment.attachment_id == attachment_id and (file := self._read(conversation_id, attachment)):
                        return attachment, file
        raise NotFound("file")

    def get_all(self, conversation_id: str, attachments: Iterable[Attachment]) -> dict[str, FileContent]:
        """The contents by attachment id, without those that are missing."""
        with self._directory.lock():
            found = {each.attachment_id: self._read(conversation_id, each) for each in attachments}
        return {attachment_id: file for attachment_id, file in found.items() if file}

    def put(self, conversation_id: str, prepared: Sequence[PreparedAttachment]) -> None:
        """Stores attachments of a conversation that is about to be stored. The caller holds the lock."""
        for each in prepared:
            self._put(conversation_id, each)

    def delete_unused(self, conversation_id: str) -> None:
        """Removes the files that no message of the conversation has, in any version."""
        with self._directory.lock():
            try:
                used = self._directory.existing(conversation_id).attachment_ids()
            except NotFound:
                used = set()
            self._prune(conversation_id, used)

    def check_size(self, new_bytes: int) -> None:
        """Raises TooLarge if the session may not store so many bytes more. The caller holds the lock."""
        if self._directory.quotas.session_bytes:
            self._directory.quotas.admit_bytes(self._size() + self._directory.size() + new_bytes)

    def _size(self) -> int:
        return sum(entry.size for entry in self._folder.entries(FILES))

    def _put_upload(self, prepared: PreparedAttachment) -> None:
        self._put(UPLOADS, prepared)
        facts = orjson.dumps(prepared.attachment)
        self._folder.replace(f"{FILES}/{UPLOADS}/{prepared.attachment.attachment_id}.json", facts)

    def _read_upload(self, attachment_id: str) -> Attachment | None:
        if not ATTACHMENT_ID.fullmatch(attachment_id):
            return None
        facts = self._folder.read(f"{FILES}/{UPLOADS}/{attachment_id}.json")
        try:
            return None if facts is None else ATTACHMENT.validate_json(facts)
        except ValidationError:  # changed by hand
            return None

    def _link(self, conversation_id: str, attachment_id: str) -> None:
        for name in (attachment_id, _text_name(attachment_id)):
            self._folder.copy(f"{FILES}/{UPLOADS}/{name}", f"{FILES}/{conversation_id}/{name}")

    def _put(self, subfolder: str, prepared: PreparedAttachment) -> None:
        name = f"{FILES}/{subfolder}/{prepared.attachment.attachment_id}"
        self._folder.replace(name, prepared.file.content)
        if prepared.attachment.is_document:
            self._folder.replace(_text_name(name), prepared.file.text.encode())

    def _read(self, conversation_id: str, attachment: Attachment) -> FileContent | None:
        name = f"{FILES}/{conversation_id}/{attachment.attachment_id}"
        if not ATTACHMENT_ID.fullmatch(attachment.attachment_id) or (content := self._folder.read(name)) is None:
            return None
        if attachment.is_document:
            return FileContent(content, (self._folder.read(_text_name(name)) or b"").decode())
        return FileContent(content, "" if attachment.is_image else content.decode("utf-8", "replace"))

    def _prune(self, conversation_id: str, used: Collection[str]) -> None:
        for entry in self._folder.entries(f"{FILES}/{conversation_id}"):
            if entry.name.rpartition("/")[2].removesuffix(".txt") not in used:
                self._folder.delete(entry.name)

    def _sweep(self, conversation_ids: Collection[str]) -> None:
        """Removes old uploads, and files whose conversation a killed process did not store."""
        for entry in self._folder.entries(FILES):
            subfolder = entry.name.split("/")[1]
            is_old = entry.written_at < time.time() - UPLOAD_SECONDS
            if is_old if subfolder == UPLOADS else subfolder not in conversation_ids:
                self._folder.delete(entry.name)


def _text_name(attachment_id: str) -> str:
    """The file with the text of a PDF."""
    return f"{attachment_id}.txt"
