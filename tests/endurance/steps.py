"""Random steps in a session: draws them and applies them to the store."""

from dataclasses import replace
from random import Random
from typing import cast

from chatbot.storage import ConversationMemory
from chatbot.types import Note, Role, StoredMessage
from tests.endurance.model import ConversationModel, MessageModel, SessionModel, Step

FEW = 6
"""Few, so that steps often change the same conversation."""

ANYWHERE = ["create", "prompt", "forget", "note", "note", "delete_all"]
WITH_NOTES = ["change_note", "delete_note"]
IN_CONVERSATION = ["turn", "turn", "say", "rename", "clear", "delete"]
WITH_MESSAGES = ["version", "after", "write", "write", "write", "show", "remove"]


def draw_step(dice: Random, model: SessionModel, name: str) -> Step:
    """Draws a step that is possible now. What it creates is named after `name`, which must be unused."""
    key = dice.choice([*model.conversations]) if model.conversations else ""
    messages = [*model.conversations[key].messages] if key else []
    kinds = IN_CONVERSATION + WITH_MESSAGES * bool(messages) if key else []
    rare = ANYWHERE + WITH_NOTES * bool(model.notes) if dice.random() < 0.15 or not kinds else []
    what = dice.choice(rare or kinds)
    if (what == "create" and len(model.conversations) >= FEW) or (len(messages) > FEW * 3 and what != "delete"):
        what = "delete" if what == "create" else "clear"
    if what in ("note", *WITH_NOTES):
        return _make_note_step(dice, what, name, model)
    return _make_step(dice, what, name, key, model.conversations.get(key) or ConversationModel(""))


def _make_note_step(dice: Random, what: str, name: str, model: SessionModel) -> Step:
    noted = dice.choice([*model.notes]) if model.notes else ""
    words = " ".join(["word"] * dice.randrange(40))
    steps: dict[str, Step] = {
        "note": ("note", name, words),
        "change_note": ("change_note", noted, words),
        "delete_note": ("delete_note", noted),
    }
    return steps[what]


def _make_step(dice: Random, what: str, name: str, key: str, model: ConversationModel) -> Step:
    chosen = dice.choice([*model.messages]) if model.messages else ""
    message = model.messages.get(chosen, MessageModel("", "user", ""))
    preset = f"prompt {dice.randrange(3)}"
    steps: dict[str, Step] = {
        "create": ("create", name, f"Title {name}"),
        "turn": ("turn", key, f"{name}-question", f"{name}-answer"),
        "say": ("say", key, name, dice.choice(["user", "assistant"]), model.head),
        "version": ("say", key, name, message.role, message.parent),
        "after": ("say", key, name, "user", chosen),
        "write": ("write", key, chosen, "word " * dice.randrange(400)),
        "show": ("show", key, chosen),
        "remove": ("remove", key, chosen),
        "rename": ("rename", key, f"Renamed {name}"),
        "clear": ("clear", key),
        "delete": ("delete", key),
        "prompt": ("prompt", preset, name),
        "forget": ("forget", preset),
        "delete_all": ("delete_all",),
    }
    return steps[what]


def apply_step(memory: ConversationMemory, step: Step) -> None:
    """Applies the step to the store."""
    match step:
        case ["create", key, title]:
            memory.create_conversation(title, conversation_id=key)
        case ["say", key, name, role, parent]:
            after = _find_message(memory, key, parent).message_id if parent else ""
            memory.add_message(key, cast(Role, role), name, after=after)
        case ["turn", key, question, answer]:
            with memory.transaction(key):
                asked = memory.add_message(key, "user", question)
                memory.add_message(key, "assistant", answer, after=asked.message_id)
        case ["write", key, name, text]:
            memory.update_message(key, replace(_find_message(memory, key, name), content=f"{name} {text}"))
        case ["show", key, name]:
            memory.show_version(key, _find_message(memory, key, name).message_id)
        case ["remove", key, name]:
            memory.remove_from(key, _find_message(memory, key, name).message_id)
        case ["rename", key, title]:
            memory.rename_conversation(key, title)
        case ["clear", key]:
            memory.clear_conversation(key)
        case ["delete", key]:
            memory.delete_conversation(key)
        case ["delete_all"]:
            memory.delete_all()
        case _:
            _apply_to_session_file(memory, step)


def _apply_to_session_file(memory: ConversationMemory, step: Step) -> None:
    match step:
        case ["prompt", name, text]:
            memory.prompts.save(name, text)
        case ["forget", name]:
            memory.prompts.delete(name)
        case ["note", name, text]:
            memory.notes.create(f"{name} {text}")
        case ["change_note", name, text]:
            memory.notes.update(_find_note(memory, name).note_id, text=f"{name} {text}")
        case ["delete_note", name]:
            memory.notes.delete(_find_note(memory, name).note_id)


def _find_note(memory: ConversationMemory, name: str) -> Note:
    return next(each for each in memory.notes.list() if each.text.split()[0] == name)


def _find_message(memory: ConversationMemory, key: str, name: str) -> StoredMessage:
    return next(each for each in memory.all_messages(key) if each.content.split()[0] == name)
