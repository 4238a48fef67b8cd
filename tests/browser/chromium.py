"""The browser of these tests: the system's Chromium where there is one, else Playwright's own."""

import os
import shutil

from playwright.sync_api import Browser, Playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_QUIET = (
    *("--no-sandbox", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--no-first-run", "--no-default-browser-check", "--disable-gpu"),
)


def launch(playwright: Playwright) -> Browser:
    """A Chromium without a face; HANMA_CHROMIUM names another one."""
    named = os.environ.get("HANMA_CHROMIUM")
    found = named or next((path for name in _NAMES if (path := shutil.which(name))), None)
    return playwright.chromium.launch(executable_path=found, args=list(_QUIET))
