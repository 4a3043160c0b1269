"""Files that come with messages: told by their content, made fit to be kept and sent, and measured."""

from chatbot.attachments.prepare import Prepared, prepare
from chatbot.attachments.prompt_text import form_of, in_words
from chatbot.attachments.token_estimates import file_tokens

__all__ = ["Prepared", "file_tokens", "form_of", "in_words", "prepare"]
