"""The app as `python app.py` starts it, with small limits for unfinished bodies, which no setting changes."""

import app
from chatbot.web.middleware import body_limits

if __name__ == "__main__":
    body_limits.STALL_SECONDS = 2
    body_limits.MAX_BODY_SECONDS = 4
    app.main()
