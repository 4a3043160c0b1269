"""What a session should have in it, as simply as it can be put: a model to hold the store against.

Messages have names here, which are the first word of their text; the store's ids are random.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from chatbot.storage import ConversationMemory

Step = Sequence[str]
"""What is done, to which conversation, and with what; see `take`."""


class Said(NamedTuple):
    """A message: the name of the one that it follows, who said it, and what."""

    parent: str
    role: str
    text: str


@dataclass
class Talk:
    """A conversation: its messages by name, each after its parent, and which of them is the newest on show."""

    title: str
    said: dict[str, Said] = field(default_factory=dict)
    head: str = ""

    def shown(self) -> list[str]:
        """The messages up to the head, oldest first."""
        path: list[str] = []
        at = self.head
        while at:
            path.insert(0, at)
            at = self.said[at].parent
        return path

    def versions(self, name: str) -> list[str]:
        """The messages in the same place, this one among them."""
        place = self.said[name][:2]
        return [each for each, said in self.said.items() if said[:2] == place]

    def end(self, name: str) -> str:
        """Where one gets to by going on to the newest follower, again and again."""
        followers = [each for each, said in self.said.items() if said.parent == name]
        return self.end(followers[-1]) if followers else name

    def say(self, name: str, role: str, parent: str) -> None:
        """Another message, which is the newest on show then."""
        self.said[name] = Said(parent, role, name)
        self.head = name

    def remove(self, name: str) -> None:
        """Without the message and all that followed it."""
        was_shown = name in self.shown()
        left, parent = [each for each in self.versions(name) if each != name], self.said[name].parent
        self._drop(name)
        if was_shown:
            self.head = self.end(left[-1]) if left else parent

    def _drop(self, name: str) -> None:
        for follower in [each for each, said in self.said.items() if said.parent == name]:
            self._drop(follower)
        del self.said[name]


@dataclass
class Model:
    """A session: its conversations by id, and its saved prompts."""

    talks: dict[str, Talk] = field(default_factory=dict)
    prompts: dict[str, str] = field(default_factory=dict)

    def take(self, step: Step) -> None:
        """Do it to the model."""
        match step:
            case ["create", talk, title]:
                self.talks[talk] = Talk(title)
            case ["say", talk, name, role, parent]:
                self.talks[talk].say(name, role, parent)
            case ["turn", talk, question, answer]:
                self.talks[talk].say(question, "user", self.talks[talk].head)
                self.talks[talk].say(answer, "assistant", question)
            case ["write", talk, name, text]:
                self.talks[talk].said[name] = self.talks[talk].said[name]._replace(text=f"{name} {text}")
            case ["show", talk, name]:
                self.talks[talk].head = self.talks[talk].end(name)
            case ["remove", talk, name]:
                self.talks[talk].remove(name)
            case ["clear", talk]:
                self.talks[talk] = Talk(self.talks[talk].title)
            case ["rename", talk, title]:
                self.talks[talk].title = title
            case ["delete", talk]:
                del self.talks[talk]
            case ["prompt", name, text]:
                self.prompts[name] = text
            case ["forget", name]:
                self.prompts.pop(name, None)
            case ["delete_all"]:
                self.talks, self.prompts = {}, {}


def stored(memory: ConversationMemory) -> Model:
    """What the session does have in it."""
    ids = [each.conversation_id for each in memory.list_conversations()]
    return Model({conversation_id: _talk(memory, conversation_id) for conversation_id in ids}, memory.prompts.list())


def _talk(memory: ConversationMemory, conversation_id: str) -> Talk:
    messages = memory.all_messages(conversation_id)
    names = {"": ""} | {message.message_id: message.content.split()[0] for message in messages}
    said = {names[each.message_id]: Said(names[each.parent_id], each.role, each.content) for each in messages}
    return Talk(memory.get_conversation(conversation_id).title, said, names[memory.get_head(conversation_id)])
