"""A browser on the pages of a site, and what it must never meet there."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from tests.monitor_api.screens.site import Site

DESK, PHONE = {"width": 1280, "height": 900}, {"width": 320, "height": 640}


@contextmanager
def chromium(path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@dataclass
class Desk:
    """Opens pages for people; `problems` are what the policy blocked, what a script threw, what was asked of others."""

    browser: Browser
    site: Site
    problems: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    def context(self, user: UUID | str | None = "physician", **about) -> BrowserContext:
        """Windows of one person; `user` is an id, or a role of the clinic that tests only read."""
        made = self.browser.new_context(base_url=self.site.url, **({"viewport": DESK} | about))
        made.set_default_timeout(8000)
        id_ = self.site.users[user] if isinstance(user, str) else user
        if id_:
            made.add_cookies([{"name": "lumenward", "value": self.site.quay.log_in(id_), "url": self.site.url}])
        made.on("request", self._note_request)
        made.on("console", self._note_message)
        made.on("weberror", lambda error: self.problems.append(str(error.error)))
        self.contexts.append(made)
        return made

    def open(self, path: str = "/", user: UUID | str | None = "physician", **about) -> Page:
        page = self.context(user, **about).new_page()
        page.goto(path)
        return page

    def live(self, path: str = "/", user: UUID | str | None = "physician", **about) -> Page:
        """A page whose scripts are running."""
        page = self.open(path, user, **about)
        page.wait_for_selector("#live[data-state=live]")
        return page

    def close(self) -> None:
        for one in self.contexts:
            one.close()

    def _note_request(self, request: Request) -> None:
        if not request.url.startswith(f"{self.site.url}/"):
            self.problems.append(f"asked {request.url}")

    def _note_message(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or message.text.startswith("Refused"):
            self.problems.append(message.text)
