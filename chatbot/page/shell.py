"""The shell: what a page shows, and lets visitors type, before Gradio is there, whose scripts run for 0.4 s."""

import json
import re
from collections.abc import Mapping

from chatbot.i18n import LOCALES, texts
from chatbot.page.layout import EXAMPLES
from chatbot.page.scripts import ASSETS, source

TEXTS = ("box.hint", "box.label", "box.send", "chat.new", "notice.not_loaded", *EXAMPLES)
VARIABLES = (
    "font",
    "background-fill-primary",
    "background-fill-secondary",
    "block-background-fill",
    "body-text-color",
    "body-text-color-subdued",
    "border-color-primary",
    "button-secondary-text-color",
    "color-accent",
    "input-background-fill",
)
"""The theme's that shell.css uses: the theme's own stylesheet comes later."""

DECLARATION = re.compile(r"--([\w-]+): ([^;]*);")
REFERENCE = re.compile(r"var\(--([\w-]+)\)")


def build_shell(theme_css: str) -> str:
    """The shell's HTML, style and script, for a theme in which `:root` has the light colours and `.dark` the others."""
    light_css, _, dark_css = theme_css.partition(".dark")
    light = dict(DECLARATION.findall(light_css))
    dark = light | dict(DECLARATION.findall(dark_css))
    style = f"#shell {{ {_declarations(light)} }}\n#shell.dark {{ {_declarations(dark)} }}\n" + _asset("shell.css")
    examples = "".join(f'<button type="button" data-text="{key}"></button>' for key in EXAMPLES)
    markup = _asset("shell.html").replace("EXAMPLES", examples)
    return f"<style>{style}</style>\n{markup}<script>{_script()}</script>\n"


def _script() -> str:
    translations = json.dumps({locale: _texts(locale) for locale in LOCALES}, ensure_ascii=False)
    return f"const SHELL_TEXTS = {translations};\n{source('shell')}"


def _texts(locale: str) -> Mapping[str, str]:
    everything = texts(locale)
    head, _, below = everything["welcome.text"].removeprefix("# ").partition("\n")
    return {"greeting": head, "below": below} | {key: everything[key] for key in TEXTS}


def _declarations(values: Mapping[str, str]) -> str:
    return " ".join(f"--{name}: {_resolved(values[name], values)};" for name in VARIABLES)


def _resolved(value: str, values: Mapping[str, str]) -> str:
    """The value with other variables' values in the place of their names."""
    while REFERENCE.search(value):
        value = REFERENCE.sub(lambda match: values[match[1]], value)
    return value


def _asset(name: str) -> str:
    return (ASSETS / name).read_text("utf-8")
