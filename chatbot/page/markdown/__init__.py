"""Messages as HTML: one parser decides what is code, a formula, a link or text, and only this package writes tags."""

from chatbot.page.markdown.answers import render_answer
from chatbot.page.markdown.growing import GrowingAnswer
from chatbot.page.markdown.typed import render_typed

__all__ = ["GrowingAnswer", "render_answer", "render_typed"]
