"""Files that come with messages: told by their content, made fit to be kept and sent, and measured."""

from chatbot.attachments.prepare import Prepared, prepare
from chatbot.attachments.prompt_text import attachment_form, attachment_text
from chatbot.attachments.token_estimates import file_tokens

__all__ = ["Prepared", "attachment_form", "attachment_text", "file_tokens", "prepare"]
