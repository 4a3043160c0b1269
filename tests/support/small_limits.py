"""Starts the app with small timeouts for unfinished bodies; the app has no setting for them."""

import app
from chatbot.web.middleware import body_limits

if __name__ == "__main__":
    body_limits.STALL_SECONDS = 2
    body_limits.MAX_BODY_SECONDS = 4
    app.main()
