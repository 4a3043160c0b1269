"""Attachments: recognised by their content, made fit to store and send, and measured in tokens."""

from chatbot.attachments.document import saved_name
from chatbot.attachments.prepare import PreparedAttachment, prepare
from chatbot.attachments.prompt_text import attachment_form, attachment_text
from chatbot.attachments.token_estimates import attachment_tokens

__all__ = ["PreparedAttachment", "attachment_form", "attachment_text", "attachment_tokens", "prepare", "saved_name"]
