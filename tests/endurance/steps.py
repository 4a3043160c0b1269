"""Steps through a session: drawn at random, and taken in the store as visitors and answers take them."""

from dataclasses import replace
from random import Random
from typing import cast

from chatbot.storage import ConversationMemory
from chatbot.types import Role, StoredMessage
from tests.endurance.model import Model, Said, Step, Talk

FEW = 6
"""Conversations, and about as many messages in one, so that steps meet."""

ANYWHERE = ["create", "prompt", "forget", "delete_all"]
IN_A_TALK = ["turn", "turn", "say", "rename", "clear", "delete"]
WITH_MESSAGES = ["version", "after", "write", "write", "write", "show", "remove"]


def draw(dice: Random, model: Model, name: str) -> Step:
    """A step that is possible now. `name` is one that nothing has yet: what is made in it is called after it."""
    talks = [*model.talks]
    talk = dice.choice(talks) if talks else ""
    said = [*model.talks[talk].said] if talk else []
    kinds = IN_A_TALK + WITH_MESSAGES * bool(said) if talk else []
    rare = ANYWHERE if dice.random() < 0.15 or not kinds else []
    what = dice.choice(rare or kinds)
    if (what == "create" and len(talks) >= FEW) or (len(said) > FEW * 3 and what != "delete"):
        what = "delete" if what == "create" else "clear"
    return _made(dice, what, name, talk, model.talks.get(talk) or Talk(""))


def _made(dice: Random, what: str, name: str, talk: str, now: Talk) -> Step:
    chosen = dice.choice([*now.said]) if now.said else ""
    there = now.said.get(chosen, Said("", "user", ""))
    preset = f"prompt {dice.randrange(3)}"
    steps: dict[str, Step] = {
        "create": ("create", name, f"Title {name}"),
        "turn": ("turn", talk, f"{name}-question", f"{name}-answer"),
        "say": ("say", talk, name, dice.choice(["user", "assistant"]), now.head),
        "version": ("say", talk, name, there.role, there.parent),
        "after": ("say", talk, name, "user", chosen),
        "write": ("write", talk, chosen, "word " * dice.randrange(400)),
        "show": ("show", talk, chosen),
        "remove": ("remove", talk, chosen),
        "rename": ("rename", talk, f"Renamed {name}"),
        "clear": ("clear", talk),
        "delete": ("delete", talk),
        "prompt": ("prompt", preset, name),
        "forget": ("forget", preset),
        "delete_all": ("delete_all",),
    }
    return steps[what]


def take(memory: ConversationMemory, step: Step) -> None:
    """Take the step in the store."""
    match step:
        case ["create", talk, title]:
            memory.create_conversation(title, conversation_id=talk)
        case ["say", talk, name, role, parent]:
            after = _named(memory, talk, parent).message_id if parent else ""
            memory.add_message(talk, cast(Role, role), name, after=after)
        case ["turn", talk, question, answer]:
            with memory.transaction(talk):
                asked = memory.add_message(talk, "user", question)
                memory.add_message(talk, "assistant", answer, after=asked.message_id)
        case ["write", talk, name, text]:
            memory.update_message(talk, replace(_named(memory, talk, name), content=f"{name} {text}"))
        case ["show", talk, name]:
            memory.show_version(talk, _named(memory, talk, name).message_id)
        case ["remove", talk, name]:
            memory.remove_from(talk, _named(memory, talk, name).message_id)
        case ["rename", talk, title]:
            memory.rename_conversation(talk, title)
        case ["clear", talk]:
            memory.clear_conversation(talk)
        case ["delete", talk]:
            memory.delete_conversation(talk)
        case ["prompt", name, text]:
            memory.prompts.save(name, text)
        case ["forget", name]:
            memory.prompts.delete(name)
        case ["delete_all"]:
            memory.delete_all()


def _named(memory: ConversationMemory, talk: str, name: str) -> StoredMessage:
    return next(each for each in memory.all_messages(talk) if each.content.split()[0] == name)
