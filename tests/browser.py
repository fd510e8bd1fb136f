"""A headless Chromium for tests of pages, driven through selenium."""

import base64
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-device-scale-factor=1",
    # Whatever a page asks for, no name resolves: a page under test is always offline.
    "--host-resolver-rules=MAP * ~NOTFOUND",
)


class Browser:
    """One window; what a page asked for and complained about is kept."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, path: Path, *, size: tuple[int, int] = (1400, 1000)) -> "Browser":
        """Open a local page and wait until its first picture stands."""
        self.resize(*size)
        self.complaints()
        self.requests()
        self.driver.get(path.resolve().as_uri())
        self.wait("return document.documentElement.dataset.drawn === 'true'")
        return self

    def resize(self, width: int, height: int) -> None:
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def js(self, script: str, *args: Any) -> Any:
        return self.driver.execute_script(script, *args)

    def wait(self, script: str, seconds: float = 10) -> None:
        from selenium.webdriver.support.ui import WebDriverWait

        WebDriverWait(self.driver, seconds, poll_frequency=0.02).until(lambda driver: driver.execute_script(script))

    def frame(self) -> None:
        """Wait until the page was painted twice: what was asked for before is on the screen."""
        self.driver.execute_async_script(
            "const [done] = arguments;requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 0)))"
        )

    def find(self, selector: str) -> Any:
        return self.driver.find_element("css selector", selector)

    def texts(self, selector: str) -> list[str]:
        return self.js("return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent)", selector)

    def click_at(self, x: float, y: float) -> None:
        """Press and release the mouse at a point of the window."""
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            event = {"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1}
            self.driver.execute_cdp_cmd("Input.dispatchMouseEvent", event)

    def move_to(self, x: float, y: float) -> None:
        self.driver.execute_cdp_cmd("Input.dispatchMouseEvent", {"type": "mouseMoved", "x": x, "y": y})

    def press(self, selector: str) -> None:
        """Click an element and wait until what follows is on the screen."""
        self.find(selector).click()
        self.frame()

    def set(self, selector: str, value: Any, event: str = "change") -> None:
        """Give a field a value as a user would, and wait until what follows is on the screen."""
        self.js(
            "const [selector, value, event] = arguments, field = document.querySelector(selector);"
            "field.value = value; field.dispatchEvent(new Event(event, { bubbles: true }))",
            selector,
            value,
            event,
        )
        self.frame()

    def saved(self, press: str) -> tuple[str, bytes]:
        """Return name and content of the file that a button saves."""
        self.js(
            "window.savedName = null;"
            "HTMLAnchorElement.prototype.click = function () { window.savedName = this.download; };"
            "window.makeUrl ??= URL.createObjectURL;"
            "URL.createObjectURL = (blob) => { window.savedFile = blob; return window.makeUrl(blob); }"
        )
        self.js("document.querySelector(arguments[0]).click()", press)
        self.wait("return window.savedName")
        coded = self.driver.execute_async_script(
            "const [done] = arguments, reader = new FileReader();"
            "reader.onload = () => done(reader.result); reader.readAsDataURL(window.savedFile)"
        )
        return self.js("return window.savedName"), base64.b64decode(coded.split(",", 1)[1])

    def complaints(self) -> list[str]:
        """Return what came to the console since the last call: errors, warnings, broken policies."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """Return the addresses that were asked for since the last call."""
        import json

        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]

    def shot(self, path: Path) -> Path:
        path.write_bytes(base64.b64decode(self.driver.get_screenshot_as_base64()))
        return path


@contextmanager
def chromium(folder: Path) -> Iterator[Browser]:
    """Start a browser with a profile of its own inside `folder`; skip the test where there is none."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    browser, driver = (
        shutil.which("chromium") or shutil.which("chromium-browser"),
        shutil.which("chromedriver"),
    )
    if not browser or not driver:
        pytest.skip("no chromium and chromedriver here (Debian: apt install chromium chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in (*_FLAGS, f"--user-data-dir={folder / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    options.add_experimental_option("prefs", {"download.default_directory": str(folder / "downloads")})
    with webdriver.Chrome(options=options, service=webdriver.ChromeService(driver)) as window:
        yield Browser(window)
