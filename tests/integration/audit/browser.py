"""A headless Chromium, driven over its own debugging pipe: no driver program and no Python package is needed."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROGRAM = "chromium"
REMEDY = "the HTML report is tested in a real browser: apt-get install chromium (or scripts/debian-packages --install)"
TIMEOUT_S = 180  # the machine may be busy with other tests


class Page:
    """One page. `faults` gathers errors and warnings of its console, and every address that it asked for."""

    def __init__(self, sending: int, answers: int) -> None:
        self._sending, self._answers, self._rest, self._last = sending, answers, b"", 0
        self.session = ""
        self.faults: list[str] = []
        self.asked: list[str] = []
        self.loaded = False

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """One command of the Chrome DevTools Protocol; its result."""
        self._last += 1
        message: dict[str, Any] = {"id": self._last, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self._sending, json.dumps(message).encode() + b"\0")
        while True:
            said = self._next()
            if said.get("id") == self._last:
                assert "error" not in said, f"{method}: {said['error']}"
                found: dict[str, Any] = said["result"]
                return found

    def open(self, address: str) -> None:
        """Go there, and wait until everything is loaded."""
        self.loaded = False
        self.call("Page.navigate", url="about:blank")
        while not self.loaded:
            self._next()
        self.loaded = False
        self.call("Page.navigate", url=address)
        while not self.loaded:
            self._next()

    def eval(self, expression: str) -> Any:
        """Value of a JavaScript expression in the page."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def press(self, key: str, code: int, text: str = "") -> None:
        """Press and release one key."""
        more = {"key": key, "code": key if len(key) > 1 else "Space", "windowsVirtualKeyCode": code}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **more)
        self.call("Input.dispatchKeyEvent", type="keyUp", **more)

    def screenshot(self, file: Path, width: int, height: int = 0) -> bytes:
        """A picture of the page, whole when no height is given."""
        sizes = {"width": width, "height": height or 900, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **sizes)
        found = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=not height)
        file.write_bytes(base64.b64decode(found["data"]))
        return file.read_bytes()

    def pdf(self, file: Path) -> bytes:
        """The page as it is printed."""
        found = self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=False)
        file.write_bytes(base64.b64decode(found["data"]))
        return file.read_bytes()

    def _next(self) -> dict[str, Any]:
        end = time.monotonic() + TIMEOUT_S
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._answers], [], [], max(0.0, end - time.monotonic()))
            assert ready, "the browser does not answer"
            read = os.read(self._answers, 1 << 20)
            assert read, "the browser has ended"
            self._rest += read
        raw, self._rest = self._rest.split(b"\0", 1)
        said: dict[str, Any] = json.loads(raw)
        self._heard(said.get("method", ""), said.get("params", {}))
        return said

    def _heard(self, method: str, params: dict[str, Any]) -> None:
        if method == "Page.loadEventFired":
            self.loaded = True
        elif method == "Runtime.exceptionThrown":
            self.faults.append(str(params["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled":
            self.faults.append(f"{params['type']}: {params['args']}")
        elif method == "Log.entryAdded":
            self.faults.append(f"{params['entry']['level']}: {params['entry']['text']}")
        elif method == "Network.requestWillBeSent":
            self.asked.append(params["request"]["url"])


@contextmanager
def browser(profile: Path) -> Iterator[Page]:
    """A page of a new browser with an empty profile; the browser is gone afterwards."""
    program = shutil.which(PROGRAM)
    assert program, REMEDY
    ours_in, theirs_out = os.pipe()
    theirs_in, ours_out = os.pipe()
    # The browser reads its commands from 3 and answers on 4, whatever the numbers are here.
    shell = f'exec 3<&{theirs_in} 4>&{theirs_out}; exec "$@"'
    options = [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-breakpad",
        "--no-first-run", "--disable-extensions", "--disable-background-networking", "--disable-component-update",
        "--hide-scrollbars", "--remote-debugging-pipe", f"--user-data-dir={profile}", "about:blank",
    ]  # fmt: skip
    log = profile.with_suffix(".log").open("wb")
    running = subprocess.Popen(
        ["bash", "-c", shell, "browser", program, *options], pass_fds=(theirs_in, theirs_out), stdin=subprocess.DEVNULL,
        stdout=log, stderr=log, start_new_session=True,
    )  # fmt: skip
    os.close(theirs_in)
    os.close(theirs_out)
    try:
        page = Page(ours_out, ours_in)
        target = page.call("Target.createTarget", url="about:blank")["targetId"]
        page.session = page.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.call(f"{domain}.enable")
        yield page
    finally:
        os.killpg(running.pid, 15)
        try:
            running.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, 9)
            running.wait(20)
        for end in (ours_in, ours_out):
            os.close(end)
        log.close()
