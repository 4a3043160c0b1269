"""The app as `python app.py` starts it, with the official hosts played by an upstream: `OFFICIAL_UPSTREAM` is its port.

Only so can a test see where a visitor's own key goes. No setting of the app's own moves one.
"""

import os

import app
from chatbot.providers import anthropic, openai, registry

if __name__ == "__main__":
    host = f"http://127.0.0.1:{os.environ['OFFICIAL_UPSTREAM']}"
    openai.OFFICIAL_URL, anthropic.OFFICIAL_URL, registry.HUGGINGFACE_URL = f"{host}/v1", host, f"{host}/v1"
    app.main()
