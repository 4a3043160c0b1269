"""The interface's texts: complete in every language, all in use, and nowhere but in their files."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import pytest

from chatbot.page.i18n import ENGLISH, LANGUAGES, provider_label, text
from chatbot.providers.registry import SPECS
from chatbot.types import PROVIDER_NAMES
from tests.running import ROOT

PAGE_FOLDER = ROOT / "chatbot" / "page"
SCRIPTS = sorted((PAGE_FOLDER / "assets").glob("*.js"))
PAGE = [path for path in sorted(PAGE_FOLDER.glob("*.py")) if path.stem != "theme"]

COMPOSED = ("effort.", "preset.", "ending.", "failure.", "sign.", "toast.")
"""The beginnings of keys that are put together where they are used, or found by their English text."""

KEYS_OF_THE_KEYBOARD = {"Enter", "Escape", "ArrowUp", "Shift"}
NO_TEXTS = {
    "Authorization",
    "Bearer",
    "Chatbot",
    "Content",
    "Disposition",
    "Files",
    "Mac",
    "Object",
    "Sign",
    *KEYS_OF_THE_KEYBOARD,
}
"""What looks like a text in the sources, and is a name that programs or everybody know."""

LOOKS_LIKE_TEXT = re.compile(r"(?<![\w.#{$/-])[A-Z][a-z]+(?![\w(=])|[a-z]{2,}(?: [a-z]+){2,}\.$")
PAGES = {"files.pages.one", "files.pages.other"}
"""The same in French."""

OTHERS = sorted(LANGUAGES.keys() - {"en"})


def placeholders(said: str) -> list[str]:
    return sorted(re.findall(r"\{\w+\}", said))


def test_there_are_six_languages_each_of_which_gradio_knows_too() -> None:
    assert sorted(LANGUAGES) == ["de", "en", "es", "fr", "ja", "zh-CN"]
    known = {path.name for path in (Path(gr.__file__).parent / "templates/frontend/assets").glob("*.js")}
    for language in LANGUAGES:
        assert any(name.startswith(f"{language}-") for name in known), f"Gradio would never choose {language}"


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_keys_of_english_in_its_order(language: str) -> None:
    assert list(LANGUAGES[language]) == list(ENGLISH)


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_says_something_with_the_same_values_in_it(language: str) -> None:
    for key, said in LANGUAGES[language].items():
        assert said.strip(), key
        assert placeholders(said) == placeholders(ENGLISH[key]), key


@pytest.mark.parametrize("language", OTHERS)
def test_a_sentence_is_never_left_in_english(language: str) -> None:
    same = {key for key, said in LANGUAGES[language].items() if said == ENGLISH[key] and " " in said.strip()}
    assert same <= {"account.rate", "account.total.tokens", "failure.minutes", "files.size", *PAGES}


def test_a_text_for_one_has_one_for_others() -> None:
    counted = [key.removesuffix(".one") for key in ENGLISH if key.endswith(".one")]
    assert counted
    assert all(f"{key}.other" in ENGLISH for key in counted)


def test_a_key_without_a_text_is_noticed() -> None:
    with pytest.raises(KeyError):
        text("settings.nothing")


def test_only_the_embedded_model_has_a_name_to_translate() -> None:
    assert ENGLISH["provider.local"] == SPECS["local"].label
    translated = [name for name in PROVIDER_NAMES if provider_label(name, "its name") != "its name"]
    assert translated == ["local"]


def test_every_text_is_used_and_every_one_that_is_used_is_there() -> None:
    sources = "\n".join(path.read_text("utf-8") for path in (*SCRIPTS, *PAGE))
    parts = {key.partition(".")[0] for key in ENGLISH}
    quoted = set(re.findall(rf"""["'`]((?:{"|".join(parts)})\.[\w.]+)["'`]""", sources))
    quoted = {key for key in quoted if not key.endswith((".js", ".css", ".svg"))}
    known = {re.sub(r"\.(one|other)$", "", key) for key in ENGLISH}
    assert quoted <= known
    assert {key for key in known - quoted if not key.startswith(COMPOSED)} == set()


@pytest.mark.parametrize("path", [*SCRIPTS, *PAGE], ids=lambda path: path.name)
def test_no_source_of_the_page_has_a_text_of_its_own(path: Path) -> None:
    found = {each for literal in literals(path) for each in LOOKS_LIKE_TEXT.findall(literal)}
    assert found - NO_TEXTS == set()


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("new.js", 'list.append(make("li", "", "Nothing found."));'),
        ("new.js", "made.textContent = `Show earlier messages (${count})`;"),
        ("new.js", 'press("keep", "Cancel", close)'),
        ("new.py", 'button = gr.Button("New chat", elem_id="new-chat")'),
        ("new.py", 'said = f"{count} Conversations imported."'),
    ],
)
def test_a_made_up_text_is_found(name: str, source: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(source)
    assert any(LOOKS_LIKE_TEXT.search(literal) for literal in literals(path))


def literals(path: Path) -> Iterator[str]:
    """The strings in a source, without those of which nobody sees anything: comments and docstrings."""
    source = path.read_text("utf-8")
    return _of_script(source) if path.suffix == ".js" else _of_python(ast.parse(source))


def _of_script(source: str) -> Iterator[str]:
    code = re.sub(r"(?m)(^|\s)//.*$", "", source)
    for literal in re.findall(r'"[^"\n]*"|`[^`\n]*`', code):
        yield re.sub(r"\$\{[^}]*\}", "", literal[1:-1])


def _of_python(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            continue  # a docstring; whatever else stands there is a child of a child
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Constant) and isinstance(child.value, str):
                yield child.value
