"""Headless Chromium over its debugging pipe: no port, no dependency.

Messages are JSON ended by a NUL; the browser reads descriptor 3 and writes descriptor 4.
Everything that a page logs, violates or asks the network for is collected.
"""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

FLAGS = [
    "--headless", "--disable-gpu", "--no-first-run", "--no-default-browser-check", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-default-apps",
    "--disable-extensions", "--disable-domain-reliability", "--disable-features=Translate,OptimizationHints,MediaRouter",
    "--metrics-recording-only", "--no-pings", "--force-color-profile=srgb", "--remote-debugging-pipe",
]
PATIENCE = 60.0


class BrowserError(Exception):
    """The browser did not do as told."""


class Browser:
    """One browser process with a profile of its own, gone when it is closed."""

    def __init__(self, program):
        self.profile = tempfile.mkdtemp(prefix="check-html-")
        self.buffer, self.next_id, self.events = b"", 0, []
        command = [program, *FLAGS, f"--user-data-dir={self.profile}", "about:blank"]
        if os.geteuid() == 0:
            command.insert(1, "--no-sandbox")
        read_commands, self.commands = os.pipe()
        self.answers, write_answers = os.pipe()
        # The browser insists on descriptors 3 and 4; a shell is the plainest way to get there.
        shell = ["sh", "-c", f'exec "$@" 3<&{read_commands} 4>&{write_answers}', "sh", *command]
        self.process = subprocess.Popen(
            shell, pass_fds=(read_commands, write_answers), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(read_commands)
        os.close(write_answers)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.send("Browser.close")
            self.process.wait(10)
        except Exception:
            self.process.kill()
        self.process.wait()
        os.close(self.commands)
        os.close(self.answers)
        shutil.rmtree(self.profile, ignore_errors=True)

    def _message(self, until):
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.answers], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                return None
            piece = os.read(self.answers, 1 << 20)
            if not piece:
                raise BrowserError("the browser ended")
            self.buffer += piece
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def send(self, method, session=None, **params):
        """One command; its result."""
        self.next_id += 1
        message = {"id": self.next_id, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.commands, data):]
        until = time.monotonic() + PATIENCE
        while True:
            answer = self._message(until)
            if answer is None:
                raise BrowserError(f"{method}: no answer in {PATIENCE:.0f} s")
            if answer.get("id") == self.next_id:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error'].get('message')}")
                return answer["result"]
            if "method" in answer:
                self.events.append(answer)

    def pump(self, seconds):
        """Collects events for a while."""
        until = time.monotonic() + seconds
        while (answer := self._message(until)) is not None:
            if "method" in answer:
                self.events.append(answer)


class Page:
    """A tab with one file opened in it."""

    def __init__(self, browser, width=1280, height=900, dark=False, scripts=True, phone=False):
        self.browser = browser
        self.target = browser.send("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.send("Target.attachToTarget", targetId=self.target, flatten=True)["sessionId"]
        browser.events.clear()
        for domain in ("Page", "Runtime", "Log", "Network", "Audits"):
            self.send(f"{domain}.enable")
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=phone)
        self.send("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce"}])
        if not scripts:
            self.send("Emulation.setScriptExecutionDisabled", value=True)

    def send(self, method, **params):
        return self.browser.send(method, session=self.session, **params)

    def open(self, path):
        """Opens a file and returns the seconds until it is drawn."""
        begin = time.monotonic()
        self.send("Page.navigate", url=path.resolve().as_uri())
        until = begin + PATIENCE
        while not any(e["method"] == "Page.loadEventFired" for e in self.browser.events):
            if time.monotonic() > until:
                raise BrowserError(f"{path.name}: not loaded in {PATIENCE:.0f} s")
            self.browser.pump(0.02)
        self.send("Page.captureScreenshot", format="jpeg", quality=10)
        return time.monotonic() - begin

    def run(self, script):
        """The value of an expression of JavaScript."""
        answer = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise BrowserError(f"{script}: {answer['exceptionDetails'].get('exception', {}).get('description')}")
        return answer["result"].get("value")

    def press(self, key, text=None):
        params = {"key": key}
        if text or len(key) == 1:
            params["text"] = text or key
        self.send("Input.dispatchKeyEvent", type="keyDown", **params)
        self.send("Input.dispatchKeyEvent", type="keyUp", key=key)

    def mouse(self, kind, x, y, buttons=0):
        self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, clickCount=1,
                  button="left" if kind != "mouseMoved" or buttons else "none", buttons=buttons)

    def picture(self, path, whole=True):
        """A PNG of the whole page, or of what is in view."""
        params = {"format": "png"}
        if whole:
            size = self.send("Page.getLayoutMetrics")["cssContentSize"]
            params["captureBeyondViewport"] = True
            params["clip"] = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 16000), "scale": 1}
        data = self.send("Page.captureScreenshot", **params)["data"]
        path.write_bytes(base64.b64decode(data))

    def complaints(self, path):
        """What went wrong while the page was open: log entries, exceptions, issues, requests."""
        self.browser.pump(0.2)
        said = []
        for event in self.browser.events:
            method, params = event["method"], event.get("params", {})
            if method == "Log.entryAdded":
                said.append(f"log: {params['entry'].get('text')}")
            elif method == "Runtime.consoleAPICalled":
                said.append(f"console: {[a.get('value') for a in params.get('args', [])]}")
            elif method == "Runtime.exceptionThrown":
                detail = params["exceptionDetails"]
                said.append(f"exception: {detail.get('exception', {}).get('description', detail.get('text'))}")
            elif method == "Audits.issueAdded":
                said.append(f"issue: {json.dumps(params['issue'])[:300]}")
            elif method == "Network.requestWillBeSent":
                url = params["request"]["url"]
                if url != path.resolve().as_uri():
                    said.append(f"request: {url[:200]}")
        return said

    def close(self):
        self.browser.send("Target.closeTarget", targetId=self.target)
        self.browser.events.clear()
