"""System prompts to start from."""

from chatbot.page.i18n import text

PRESETS = ("tutor", "translator", "reviewer", "editor", "ideas")


def choices(default: str, saved: dict[str, str]) -> list[tuple[str, str]]:
    """The menu: names, and prompts or the keys of their texts. The operator's prompt is first, saved ones are last."""
    presets = [(text(f"preset.{name}"), f"preset.{name}.prompt") for name in PRESETS]
    own = [(f"{name} {text('preset.saved')}", prompt) for name, prompt in saved.items()]
    return [(text("preset.own"), default), *presets, *own]
