"""Starts the app with a fake upstream in place of the official hosts. `OFFICIAL_UPSTREAM` is its port.

Tests see with it where a visitor's own key is sent: no setting changes the address for such a key.
"""

import os

import app
from chatbot.providers import anthropic, openai, registry

if __name__ == "__main__":
    host = f"http://127.0.0.1:{os.environ['OFFICIAL_UPSTREAM']}"
    openai.OFFICIAL_URL, anthropic.OFFICIAL_URL, registry.HUGGINGFACE_URL = f"{host}/v1", host, f"{host}/v1"
    app.main()
