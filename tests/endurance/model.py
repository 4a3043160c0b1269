"""A simple model of a session, to compare the store to.

Messages are named by the first word of their text, because the store's ids are random.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from chatbot.storage import ConversationMemory

Step = Sequence[str]
"""An action, a conversation's id if there is one, and arguments; see `apply`."""


class MessageModel(NamedTuple):
    """A message: its parent's name, its role and its text."""

    parent: str
    role: str
    text: str


@dataclass
class ConversationModel:
    """A conversation: its messages by name, each after its parent; `head` is the last message on display."""

    title: str
    messages: dict[str, MessageModel] = field(default_factory=dict)
    head: str = ""

    def shown(self) -> list[str]:
        """Returns the names up to the head, oldest first."""
        path: list[str] = []
        name = self.head
        while name:
            path.insert(0, name)
            name = self.messages[name].parent
        return path

    def versions(self, name: str) -> list[str]:
        """Returns all versions of the message, itself included."""
        parent, role, _ = self.messages[name]
        return [each for each, message in self.messages.items() if (message.parent, message.role) == (parent, role)]

    def end(self, name: str) -> str:
        """Returns the last message of the branch that follows the newest child each time."""
        children = [each for each, message in self.messages.items() if message.parent == name]
        return self.end(children[-1]) if children else name

    def add(self, name: str, role: str, parent: str) -> None:
        """Adds a message and makes it the head."""
        self.messages[name] = MessageModel(parent, role, name)
        self.head = name

    def undo(self, question: str) -> None:
        """Removes a question on display and all its descendants. What it was edited from is shown again; nothing that
        is newer than it."""
        parent, is_newest = self.messages[question].parent, self.versions(question)[-1] == question
        self.remove(question)
        if not is_newest:
            self.head = parent

    def remove(self, name: str) -> None:
        """Removes a message and all its descendants."""
        was_shown = name in self.shown()
        others, parent = [each for each in self.versions(name) if each != name], self.messages[name].parent
        self._drop(name)
        if was_shown:
            self.head = self.end(others[-1]) if others else parent

    def _drop(self, name: str) -> None:
        for child in [each for each, message in self.messages.items() if message.parent == name]:
            self._drop(child)
        del self.messages[name]


@dataclass
class SessionModel:
    """A session: its conversations by id, and its saved prompts."""

    conversations: dict[str, ConversationModel] = field(default_factory=dict)
    prompts: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    """By the first word of their texts."""

    def apply(self, step: Step) -> None:
        match step:
            case ["create", key, title]:
                self.conversations[key] = ConversationModel(title)
            case ["say", key, name, role, parent]:
                self.conversations[key].add(name, role, parent)
            case ["turn", key, question, answer]:
                self.conversations[key].add(question, "user", self.conversations[key].head)
                self.conversations[key].add(answer, "assistant", question)
            case ["write", key, name, text]:
                messages = self.conversations[key].messages
                messages[name] = messages[name]._replace(text=f"{name} {text}")
            case ["show", key, name]:
                self.conversations[key].head = self.conversations[key].end(name)
            case ["remove", key, name]:
                self.conversations[key].remove(name)
            case ["clear", key]:
                self.conversations[key] = ConversationModel(self.conversations[key].title)
            case ["rename", key, title]:
                self.conversations[key].title = title
            case ["delete", key]:
                del self.conversations[key]
            case ["delete_all"]:
                self.conversations, self.prompts, self.notes = {}, {}, {}
            case _:
                self._apply_to_session_file(step)

    def _apply_to_session_file(self, step: Step) -> None:
        match step:
            case ["prompt", name, text]:
                self.prompts[name] = text
            case ["forget", name]:
                self.prompts.pop(name, None)
            case ["note", name, text] | ["change_note", name, text]:
                self.notes[name] = f"{name} {text}".strip()
            case ["delete_note", name]:
                del self.notes[name]


def read_model(memory: ConversationMemory) -> SessionModel:
    """Returns the model of what the session has stored."""
    ids = [each.conversation_id for each in memory.list_conversations()]
    notes = {each.text.split()[0]: each.text for each in memory.notes.list()}
    return SessionModel({each: _conversation(memory, each) for each in ids}, memory.prompts.list(), notes)


def _conversation(memory: ConversationMemory, key: str) -> ConversationModel:
    messages = memory.all_messages(key)
    names = {"": ""} | {message.message_id: message.content.split()[0] for message in messages}
    tree = {names[each.message_id]: MessageModel(names[each.parent_id], each.role, each.content) for each in messages}
    return ConversationModel(memory.get_conversation(key).title, tree, names[memory.get_head(key)])
