"""Blocks of code: highlighted by Pygments, with the classes that assets/style.css colours."""

from functools import lru_cache
from html import escape

from markdown_it.common.utils import unescapeAll
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Generic, Keyword, Name, Number, Operator, Punctuation, String, _TokenType
from pygments.util import ClassNotFound

MOST_HIGHLIGHTED = 50_000
"""Characters of a block: Pygments takes about a second for a million."""

CLASSES: dict[_TokenType, str] = {
    Comment: "comment",
    String: "string",
    Keyword: "keyword",
    Operator.Word: "keyword",
    Name.Function: "function",
    Name.Decorator: "decorator",
    Name.Attribute: "attr-name",
    Name.Tag: "tag",
    Name.Class: "class-name",
    Name.Builtin: "builtin",
    Name.Variable: "variable",
    Name.Constant: "constant",
    Number: "number",
    Operator: "operator",
    Punctuation: "punctuation",
    Generic.Inserted: "inserted",
    Generic.Deleted: "deleted",
    Generic.Heading: "keyword",
    Generic.Subheading: "keyword",
}


def code_block(code: str, info: str = "", *, is_finished: bool = True) -> str:
    """The HTML of a block. `info` is what stands behind its fence; its first word names the language."""
    words = unescapeAll(info).split()
    language = words[0].strip("{}.") if words else ""
    label = f' data-language="{escape(language)}"' if language else ""
    name = f' class="language-{escape(language)}"' if language else ""
    content = highlight(code, language.lower()) if is_finished and language else escape(code, quote=False)
    button = '<button type="button" class="copy-code"></button>'
    return f'<div class="code-block">{button}<pre dir="ltr"{label}><code{name}>{content}</code></pre></div>'


@lru_cache(500)
def highlight(code: str, language: str) -> str:
    """The code with its tokens in spans. Its text stays the same to the byte."""
    lexer = _lexer(language)
    if lexer is None or len(code) > MOST_HIGHLIGHTED:
        return escape(code, quote=False)
    return "".join(_span(kind, text) for _, kind, text in lexer.get_tokens_unprocessed(code))


@lru_cache(100)
def _lexer(language: str) -> Lexer | None:
    try:
        return get_lexer_by_name(language)
    except ClassNotFound:
        return None


def _span(kind: _TokenType, text: str) -> str:
    written = escape(text, quote=False)
    while kind.parent is not None:
        if kind in CLASSES:
            return f'<span class="token {CLASSES[kind]}">{written}</span>'
        kind = kind.parent
    return written
