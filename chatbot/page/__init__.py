"""The page, in Gradio: its components, what their events do, and how messages look."""

from chatbot.web import gradio_import as gradio_import
