"""System prompts to start from."""

from chatbot.page.i18n import text

PRESETS = ("tutor", "translator", "reviewer", "editor", "ideas")
"""The operator's own prompt stands before them as “Assistant”."""


def choices(own: str, saved: dict[str, str]) -> list[tuple[str, str]]:
    """What a dropdown offers: names, and prompts or the keys of their texts; the operator's first, the visitor's saved
    ones last."""
    presets = [(text(f"preset.{name}"), f"preset.{name}.prompt") for name in PRESETS]
    kept = [(f"{name} {text('preset.saved')}", prompt) for name, prompt in saved.items()]
    return [(text("preset.own"), own), *presets, *kept]
