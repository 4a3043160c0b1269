"""System prompts to start from."""

from collections.abc import Callable

from chatbot.i18n import LOCALES, texts
from chatbot.page.i18n import text

PRESETS = ("tutor", "translator", "reviewer", "editor", "ideas")


def choices(default: str, saved: dict[str, str], say: Callable[[str], str] = text) -> list[tuple[str, str]]:
    """The menu: names, and prompts or the keys of their texts. The operator's prompt is first, saved ones are last.
    `say` gives the text of a key."""
    presets = [(say(f"preset.{name}"), f"preset.{name}.prompt") for name in PRESETS]
    own = [(f"{name} {say('preset.saved')}", prompt) for name, prompt in saved.items()]
    return [(say("preset.own"), default), *presets, *own]


def preset_of(prompt: str, default: str, saved: dict[str, str]) -> str | None:
    """The menu's value for a prompt, in whatever language it was chosen; None if the prompt is nobody's preset."""
    if prompt == default or prompt in saved.values():
        return prompt
    keys = [f"preset.{name}.prompt" for name in PRESETS]
    return next((key for key in keys if prompt in (texts(locale)[key] for locale in LOCALES)), None)
