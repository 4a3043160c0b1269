"""The app as `python app.py` starts it, but with less room and less patience for what no setting changes: unfinished
bodies, and pages that nobody listens to."""

import app
from chatbot.page import sidebar_handlers as sidebar_events
from chatbot.web.middleware import body_limits as intake
from chatbot.web.middleware import queue_limits as jobs

if __name__ == "__main__":
    intake.MOST_HELD = 4 * 1024 * 1024
    intake.MOST_SECONDS_BETWEEN = 2
    intake.MOST_SECONDS = 4
    jobs.SHARE, jobs.UNHEARD_SECONDS = 30, 3.0
    sidebar_events.BEAT_SECONDS = 1
    app.main()
