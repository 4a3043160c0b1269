"""FileMemory: what files the messages of a session came with, kept, found and let go with them."""

from collections.abc import Iterable, Sequence

from chatbot.attachments import Prepared
from chatbot.errors import NotFound, TooLarge
from chatbot.storage.attachment_files import AttachmentFiles
from chatbot.storage.serialization import decode
from chatbot.storage.session import SessionMemory
from chatbot.types import Attachment, FileContent

NOT_THERE = "A file that was to come with this message is not there any more. Attach it again."
FULL = (
    "With this, you would keep more than the {most:g} MB that are allowed here. "
    "Delete conversations that you no longer need."
)


class AttachmentMemory(SessionMemory):
    """The files of one session. Methods block for as long as the disk takes, and raise StorageError."""

    def upload(self, prepared: Prepared) -> None:
        """Keep a file for a message that is yet to be sent, for a day. Raises TooLarge where the session's are too
        many."""
        with self._locked():
            self._files.sweep(self._session.ids())
            self._check_room(len(prepared.file.content))
            self._files.upload(prepared)

    def attach_uploads(self, conversation_id: str, attachment_ids: Iterable[str]) -> tuple[Attachment, ...]:
        """Put files that wait beside a conversation, for a message to come with them. Raises NotFound where one is not
        there."""
        with self._locked():
            found = [self._files.uploaded(each) for each in dict.fromkeys(attachment_ids)]
            kept = tuple(each for each in found if each)
            if len(kept) < len(found):
                raise NotFound(NOT_THERE)
            for attachment in kept:
                self._files.keep(conversation_id, attachment.attachment_id)
        return kept

    def delete_uploads(self, attachment_ids: Iterable[str]) -> None:
        """Remove files that waited, once their message is stored."""
        with self._locked():
            for each in attachment_ids:
                self._files.forget(each)

    def return_to_uploads(self, conversation_id: str, attachments: Iterable[Attachment]) -> None:
        """Let files of a message that is taken back wait for the next one, as if they were just uploaded."""
        with self._locked():
            for each in attachments:
                if file := self._files.read(conversation_id, each):
                    self._files.upload(Prepared(each, file))

    def get_file(self, conversation_id: str, attachment_id: str) -> tuple[Attachment, FileContent]:
        """A file that came with a message of that conversation. Raises NotFound where none did."""
        with self._reading(conversation_id) as stored:
            if attachment_id in stored.file_ids():
                messages = (decode(message_id, record) for message_id, record in stored.records.items())
                files = (each for message in messages for each in message.attachments)
                attachment = next(each for each in files if each.attachment_id == attachment_id)
                if file := self._files.read(conversation_id, attachment):
                    return attachment, file
        raise NotFound("There is no such file in this conversation.")

    def get_files(self, conversation_id: str, attachments: Iterable[Attachment]) -> dict[str, FileContent]:
        """The files' contents, by their ids; without those that are gone."""
        with self._locked():
            found = {each.attachment_id: self._files.read(conversation_id, each) for each in attachments}
        return {attachment_id: file for attachment_id, file in found.items() if file}

    @property
    def _files(self) -> AttachmentFiles:
        return AttachmentFiles(self._session.path / "files")

    def _put_files(self, conversation_id: str, files: Sequence[Prepared]) -> None:
        """Put files beside a conversation that is about to be stored."""
        for prepared in files:
            self._files.put(conversation_id, prepared)

    def delete_unused_files(self, conversation_id: str) -> None:
        """Let go of the files that no message of the conversation came with, in any version."""
        with self._locked():
            try:
                used = self._session.existing(conversation_id).file_ids()
            except NotFound:
                used = set()
            self._files.prune(conversation_id, used)

    def _check_room(self, new: int) -> None:
        """Whether so many bytes more may be kept. Raises TooLarge."""
        most = self._room.session_bytes
        if most and self._files.size() + self._session.size() + new > most:
            raise TooLarge(FULL.format(most=most / 1e6))
