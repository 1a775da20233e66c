"""Drives a headless Chromium by the WebDriver protocol (https://www.w3.org/TR/webdriver2/), which is HTTP and JSON."""

import base64
import http.client
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAMS = ("chromium", "chromedriver")

# The key that the protocol names an element by.
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"

# The characters of keys without a letter.
TAB, ENTER, ESCAPE, SHIFT = "\ue004", "\ue007", "\ue00c", "\ue008"

PATIENCE_SECONDS = 20


def missing() -> list[str]:
    """Returns the programs that are not installed."""
    return [program for program in PROGRAMS if not shutil.which(program)]


class Browser:
    """A session of Chromium."""

    def __init__(self, port: int, dark: bool = False):
        self._port = port
        arguments = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars", "--disable-gpu", "--lang=en-GB"]
        if dark:
            arguments.append("--force-dark-mode")
        options = {"binary": shutil.which("chromium"), "args": arguments}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        response = self._call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self._session = f"/session/{response['sessionId']}"

    def open(self, url: str) -> None:
        """Opens a page and waits until it is loaded."""
        self._post("/url", {"url": url})

    def address(self) -> str:
        return self._call("GET", f"{self._session}/url")

    def run(self, script: str, *arguments):
        """Returns the result of a script: a function's body."""
        return self._post("/execute/sync", {"script": script, "args": list(arguments)})

    def run_async(self, script: str, *arguments):
        """Returns what a script passes to its last argument, a function."""
        return self._post("/execute/async", {"script": script, "args": list(arguments)})

    def text(self) -> str:
        """Returns the visible text of the page."""
        return self.run("return document.body.innerText")

    def click(self, selector: str) -> None:
        """Clicks the first element of a CSS selector."""
        self._post(f"/element/{self._find(selector)}/click", {})

    def type(self, selector: str, text: str) -> None:
        """Types into the first element of a CSS selector."""
        self._post(f"/element/{self._find(selector)}/value", {"text": text})

    def press(self, *keys: str) -> None:
        """Presses keys one after the other, wherever the focus is. A tuple's keys are held together."""
        actions = []
        for key in keys:
            chord = key if isinstance(key, tuple) else (key,)
            actions += [{"type": "keyDown", "value": one} for one in chord]
            actions += [{"type": "keyUp", "value": one} for one in reversed(chord)]
        self._post("/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def focused(self) -> str:
        """Returns the text, or the label, of the element with the focus."""
        return self.run("const e = document.activeElement; return e.getAttribute('aria-label') || e.innerText || e.name || e.tagName")

    def resize(self, width: int, height: int) -> None:
        """Gives the page this size. A phone's pages are as wide as the phone, so the screen is emulated."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._devtools("Emulation.setDeviceMetricsOverride", size)

    def prefer(self, scheme: str) -> None:
        """Sets the colour scheme that the user prefers: light or dark."""
        self._devtools("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def logged(self) -> list[str]:
        """Returns the messages of the browser since the last call: errors of scripts, refused content."""
        entries = self._post("/se/log", {"type": "browser"})
        return [entry["message"] for entry in entries if entry["level"] in ("SEVERE", "WARNING")]

    def screenshot(self, file: Path) -> None:
        """Writes a picture of the visible part of the page."""
        file.write_bytes(base64.b64decode(self._call("GET", f"{self._session}/screenshot")))

    def wait_for(self, condition, what: str):
        """Returns the first result of `condition` that is true."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            if found := condition():
                return found
            time.sleep(0.1)
        raise AssertionError(f"{what}: not after {PATIENCE_SECONDS} s\n{self.text()}")

    def close(self) -> None:
        self._call("DELETE", self._session)

    def _devtools(self, command: str, parameters: dict) -> None:
        self._post("/goog/cdp/execute", {"cmd": command, "params": parameters})

    def _find(self, selector: str) -> str:
        return self._post("/element", {"using": "css selector", "value": selector})[ELEMENT]

    def _post(self, path: str, body: dict):
        return self._call("POST", self._session + path, body)

    def _call(self, method: str, path: str, body: dict | None = None):
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=120)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, {"Content-Type": "application/json"})
            response = json.loads(connection.getresponse().read())["value"]
        finally:
            connection.close()
        if isinstance(response, dict) and "error" in response:
            raise AssertionError(f"{path}: {response['error']}: {response['message']}")
        return response


@contextmanager
def started(dark: bool = False) -> Iterator[Browser]:
    """Starts the driver and a browser, and ends both."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    driver = subprocess.Popen(["chromedriver", f"--port={port}", "--log-level=OFF"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _await(port)
        browser = Browser(port, dark)
        try:
            yield browser
        finally:
            browser.close()
    finally:
        driver.terminate()
        driver.wait()


def _await(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("chromedriver does not listen")
