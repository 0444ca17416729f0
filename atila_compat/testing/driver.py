"""A browser for tests: Chromium without a window, through Selenium (spec/08 section 1.1)."""

from __future__ import annotations

import importlib
import os
import shutil
import tempfile
from typing import Any
from urllib.parse import urlsplit

import httpx

from ..errors import AtilaError, MissingExtra

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WAIT = 10.0
"""Seconds that an element may take to appear."""


def _program(names: tuple[str, ...], package: str) -> str:
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        raise AtilaError(f"{names[0]} is not installed; on Debian: apt-get install {package}")
    return found


class Chrome:
    """A browser window. What is not here is looked up in Selenium's driver: `find_elements, get_cookies`...

    Args:
        endpoint: what paths are relative to.
        temp_dir: where pictures go that are named by a file name only.
        size: of the window, in pixels.

    Attributes:
        driver: the selenium.webdriver.Chrome.

    Raises MissingExtra without selenium, AtilaError without Chromium and chromedriver.
    """

    def __init__(
        self, endpoint: str = "", temp_dir: str | None = None, size: tuple[int, int] = (1280, 900)
    ) -> None:
        try:
            webdriver = importlib.import_module("selenium.webdriver")
            service = importlib.import_module("selenium.webdriver.chrome.service")
        except ImportError:
            raise MissingExtra("a browser in the test client", "testing") from None
        browser = _program(BROWSERS, "chromium")
        chromedriver = _program(("chromedriver",), "chromium-driver")
        self.endpoint = endpoint
        self.temp_dir = temp_dir
        self._profile = tempfile.mkdtemp(prefix="atila-chrome-")
        options = webdriver.ChromeOptions()
        options.binary_location = browser
        for argument in (
            "--headless=new",
            "--no-sandbox",  # the sandbox refuses to run as root, as in most containers
            "--disable-dev-shm-usage",
            "--ignore-certificate-errors",
            "--no-proxy-server",
            "--no-first-run",
            "--disable-background-networking",  # a test asks its own server only
            "--disable-component-update",
            "--disable-sync",
            f"--user-data-dir={self._profile}",
            f"--window-size={size[0]},{size[1]}",
        ):
            options.add_argument(argument)
        self.driver: Any = webdriver.Chrome(options=options, service=service.Service(chromedriver))

    def navigate(self, url: str) -> None:
        """Go to a path of the server, or a full URL, and wait until it is loaded."""
        self.driver.get(url if "://" in url else f"{self.endpoint}/{url.lstrip('/')}")

    def many(self, selector: str) -> list[Any]:
        """All elements that a CSS selector, or an XPath that begins with `/`, finds now."""
        by = "xpath" if selector.startswith(("/", "(")) else "css selector"
        return list(self.driver.find_elements(by, selector))

    def one(self, selector: str, timeout: float = WAIT) -> Any:
        """The first element that a selector finds, which may take `timeout` seconds to appear.

        Raises selenium's TimeoutException where none does.
        """
        wait = importlib.import_module("selenium.webdriver.support.ui").WebDriverWait(
            self.driver, timeout, 0.05
        )
        return wait.until(lambda _: next(iter(self.many(selector)), None), f"no element matches {selector}")

    def capture(self, path: str = "capture.png") -> str:
        """Save a picture of the window; returns its path."""
        if self.temp_dir and not os.path.dirname(path):
            path = os.path.join(self.temp_dir, path)
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        if not self.driver.save_screenshot(path):
            raise AtilaError(f"the picture cannot be written to {path}")
        return path

    @property
    def html(self) -> str:
        """The document as it is now."""
        return str(self.driver.page_source)

    def take_cookies(self, cookies: httpx.Cookies) -> None:
        """Set cookies of a client for its server."""
        if urlsplit(self.driver.current_url).netloc != urlsplit(self.endpoint).netloc:
            self.navigate("/")
        for cookie in cookies.jar:
            self.driver.add_cookie({"name": cookie.name, "value": cookie.value or "", "path": cookie.path})

    def close(self) -> None:
        """End the browser."""
        self.driver.quit()
        shutil.rmtree(self._profile, ignore_errors=True)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "driver":
            raise AttributeError(name)
        return getattr(self.driver, name)
