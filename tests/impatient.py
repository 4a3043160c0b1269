"""The app as `python app.py` starts it, but with less room and less patience for bodies, which no setting changes."""

import app
from chatbot.web import intake

if __name__ == "__main__":
    intake.MOST_HELD = 4 * 1024 * 1024
    intake.MOST_SECONDS_BETWEEN = 2
    intake.MOST_SECONDS = 4
    app.main()
