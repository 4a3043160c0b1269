"""Where Chromium is on this machine, and what it is started with."""

import shutil

WITH_WINDOWS = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
CHROMIUM = shutil.which("chromium-headless-shell") or WITH_WINDOWS
"""Prefers the headless shell: a page takes a seventh of the CPU there."""

ARGUMENTS = [
    "--no-sandbox",  # a container's root cannot use the sandbox
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # For the tests' own certificate. A context that ignores its errors begins every connection twice, and now and then
    # gives a file up (ERR_TOO_MANY_RETRIES).
    "--ignore-certificate-errors",
]
