"""The interface's texts: complete in every language, all in use, and nowhere but in their files."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import pytest

from chatbot.errors import ChatbotError
from chatbot.i18n import LOCALES, Text, negotiate, texts
from chatbot.page.i18n import provider_label, text
from chatbot.providers.registry import SPECS
from chatbot.types import PROVIDER_NAMES
from tests.support.running import ROOT

PAGE_FOLDER = ROOT / "chatbot" / "page"
SCRIPTS = sorted((PAGE_FOLDER / "assets").glob("*.js"))
PAGE = [path for path in sorted(PAGE_FOLDER.glob("*.py")) if path.stem != "theme"]

COMPOSED = ("effort.", "theme.", "picker.list.", "preset.", "remedy.", "ending.", "failure.", "wait.", "cause.")
"""The prefixes of keys that are composed in the code, or used below the page."""

KEYS_OF_THE_KEYBOARD = {"Enter", "Escape", "ArrowUp", "Shift"}
NO_TEXTS = {
    "Accept",
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
PAGES = {"files.pages.one", "files.pages.other", "memory.note", "memory.notes.one", "memory.notes.other"}
"""The same in French."""

OTHERS = sorted(set(LOCALES) - {"en"})


def errors_of(kind: type[ChatbotError]) -> Iterator[type[ChatbotError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from errors_of(each)


def placeholders(said: str) -> list[str]:
    return sorted(re.findall(r"\{\w+\}", said))


def test_there_are_six_languages_each_of_which_gradio_knows_too() -> None:
    assert sorted(LOCALES) == ["de", "en", "es", "fr", "ja", "zh-CN"]
    known = {path.name for path in (Path(gr.__file__).parent / "templates/frontend/assets").glob("*.js")}
    for language in LOCALES:
        assert any(name.startswith(f"{language}-") for name in known), f"Gradio would never choose {language}"


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_keys_of_english_in_its_order(language: str) -> None:
    assert list(texts(language)) == list(texts("en"))


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_says_something_with_the_same_values_in_it(language: str) -> None:
    for key, said in texts(language).items():
        assert said.strip(), key
        assert placeholders(said) == placeholders(texts("en")[key]), key


@pytest.mark.parametrize("language", OTHERS)
def test_a_sentence_is_never_left_in_english(language: str) -> None:
    same = {key for key, said in texts(language).items() if said == texts("en")[key] and " " in said.strip()}
    assert same <= {"account.rate", "account.total.tokens", "wait.minutes", "files.size", *PAGES}


def test_a_text_for_one_has_one_for_others() -> None:
    counted = [key.removesuffix(".one") for key in texts("en") if key.endswith(".one")]
    assert counted
    assert all(f"{key}.other" in texts("en") for key in counted)


def test_a_key_without_a_text_is_noticed() -> None:
    with pytest.raises(KeyError):
        text("settings.nothing")


def test_only_the_local_models_have_a_name_to_translate() -> None:
    assert texts("en")["provider.demo"] == SPECS["local"].label
    translated = [name for name in PROVIDER_NAMES if provider_label(name, "its name") != "its name"]
    assert translated == ["local"]


def test_every_text_is_used_and_every_one_that_is_used_is_there() -> None:
    sources = "\n".join(path.read_text("utf-8") for path in (*SCRIPTS, *(ROOT / "chatbot").rglob("*.py")))
    parts = {key.partition(".")[0] for key in texts("en")}
    quoted = set(re.findall(rf"""["'`]((?:{"|".join(parts)})\.[\w.]+)["'`]""", sources))
    quoted = {key for key in quoted if not key.endswith((".js", ".css", ".svg", "session.json"))}
    known = {re.sub(r"\.(one|other)$", "", key) for key in texts("en")}
    assert quoted <= known
    used = quoted | {f"{key}.info" for key in quoted}  # a field's label has an explanation
    assert {key for key in known - used if not key.startswith(COMPOSED)} == set()


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


def failure_texts() -> list[Text]:
    """A text of each error, with values as the code gives them."""
    nested = {"wait": Text("wait.moment"), "cause": Text("cause.damaged"), "sentence": Text("failure.busy")}
    keys = [key for key in texts("en") if key.startswith(("failure.", "cause.", "wait."))]
    names = {key: re.findall(r"\{(\w+)\}", texts("en")[key]) for key in keys}
    return [Text(key, {name: nested.get(name, 10_000) for name in names[key]}) for key in keys]


def test_an_error_has_words_in_every_language_and_comes_back_whole_from_json() -> None:
    assert len(failure_texts()) > 80
    for failure in failure_texts():
        assert Text.from_json(failure.as_json()) == failure
        for language in LOCALES:
            assert "{" not in failure.worded(language)


@pytest.mark.parametrize("code", sorted({each.code for each in errors_of(ChatbotError)} - {"settings"}))
def test_every_code_has_a_text(code: str) -> None:
    assert f"failure.{code}" in texts("en") or code == "invalid"


def test_every_error_that_the_code_raises_has_its_text() -> None:
    sources = [path.read_text("utf-8") for path in (ROOT / "chatbot").rglob("*.py")]
    raised = {(name, detail) for source in sources for name, detail in re.findall(r'\b([A-Z]\w+)\("(\w+)"[,)]', source)}
    classes = {each.__name__: each for each in errors_of(ChatbotError)}
    known = [(classes[name], detail) for name, detail in raised if name in classes and name != "SettingsError"]
    assert len(known) > 20
    assert [detail for error, detail in known if f"failure.{error.code}.{detail}" not in texts("en")] == []


def test_numbers_are_written_as_the_reader_writes_them() -> None:
    too_long = Text("failure.invalid.too_long", {"number": 10_001, "most": 10_000.5})
    assert "10,001" in too_long.worded("en")
    assert "10.001" in too_long.worded("de")
    assert "10.000,5" in too_long.worded("de")
    assert "10\u202f001" in too_long.worded("fr")


@pytest.mark.parametrize(
    ("accepted", "locale"),
    [
        ("", "en"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("zh-CN", "zh-CN"),
        ("pt-BR", "en"),
        ("pt-BR,fr;q=0.5,es;q=0.7", "es"),
        ("*", "en"),
        ("not; a header,;q=x", "en"),
    ],
)
def test_the_locale_is_the_best_that_the_browser_accepts(accepted: str, locale: str) -> None:
    assert negotiate(accepted) == locale


def test_foreign_json_is_no_text() -> None:
    for value in (None, "failure.busy", {"key": "nobody.has.it"}, {"key": ["failure.busy"]}, {}):
        assert Text.from_json(value) is None
    assert Text.from_json({"key": "failure.busy", "more": 1}) == Text("failure.busy")
