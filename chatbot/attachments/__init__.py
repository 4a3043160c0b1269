"""Files that come with messages: told by their content, made fit to be kept and sent, and measured."""

from chatbot.attachments.prepare import Prepared, prepare
from chatbot.attachments.tokens import file_tokens
from chatbot.attachments.words import form_of, in_words

__all__ = ["Prepared", "file_tokens", "form_of", "in_words", "prepare"]
