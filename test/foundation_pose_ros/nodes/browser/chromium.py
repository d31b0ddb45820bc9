"""A headless Chromium for tests, told what to do by its debugging protocol."""

import base64
import json
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from websockets.sync.client import connect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Chromium:
    """One tab; patience_s: how long it may take to answer."""

    def __init__(self, profile: Path, patience_s: float, size: tuple[int, int] = (1280, 900)) -> None:
        assert CHROMIUM is not None
        self._patience_s = patience_s
        flags = ["--headless=new", "--no-sandbox", "--remote-debugging-port=0", f"--user-data-dir={profile}"]
        flags += [f"--window-size={size[0]},{size[1]}", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
        self._process = subprocess.Popen([CHROMIUM, *flags, "about:blank"], stderr=subprocess.DEVNULL)
        self._socket = connect(self._debugger(profile / "DevToolsActivePort"), max_size=None)
        self._count = 0

    def close(self) -> None:
        self._socket.close()
        self._process.terminate()
        self._process.wait()

    def open(self, url: str) -> None:
        self._do("Page.navigate", url=url)

    @property
    def text(self) -> str:
        return str(self._run("document.body ? document.body.innerText : ''"))

    def screenshot(self) -> np.ndarray:
        """The page (H, W, 3), RGB."""
        data = base64.b64decode(self._do("Page.captureScreenshot")["data"])
        return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR))[..., ::-1]

    def click(self, x: float, y: float) -> None:
        self._do("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        for kind, held in (("mousePressed", 1), ("mouseReleased", 0)):
            self._do("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=held, clickCount=1)

    def press(self, label: str) -> None:
        """Press a button, or open a folder, by the words on it."""
        self._run(f"{_labelled(label)}.click()")

    def tick(self, label: str) -> None:
        """Tick a box by its label."""
        self._run(f"{_input(label)}.click()")

    def close_notes(self) -> None:
        """Take away what the page says of the browser itself."""
        self._run("document.querySelectorAll('.mantine-Notification-closeButton').forEach(e => e.click())")

    def type(self, label: str, text: str) -> None:
        """Type into a field by its label."""
        focused = f"(e => {{e.focus(); return e === document.activeElement}})({_input(label)})"
        deadline_s = time.monotonic() + self._patience_s
        while not self._run(focused):  # a folder that opens
            assert time.monotonic() < deadline_s, f"{label} can't be typed into"
            time.sleep(0.1)
        self._do("Input.insertText", text=text)
        time.sleep(0.3)  # the page sends what was typed after a moment

    def _run(self, expression: str) -> Any:
        answer = self._do("Runtime.evaluate", expression=expression)
        assert "exceptionDetails" not in answer, f"{expression}: {answer['exceptionDetails']}"
        return answer["result"].get("value", "")

    def _do(self, method: str, **arguments: Any) -> Any:
        self._count += 1
        self._socket.send(json.dumps({"id": self._count, "method": method, "params": arguments}))
        while True:
            answer = json.loads(self._socket.recv(timeout=self._patience_s))
            if answer.get("id") == self._count:
                return answer["result"]

    def _debugger(self, port_file: Path) -> str:
        """The address of its only tab, once it has one."""
        deadline_s = time.monotonic() + self._patience_s
        while not (port_file.exists() and port_file.read_text(encoding="utf-8").strip()):
            assert time.monotonic() < deadline_s and self._process.poll() is None, "Chromium doesn't start"
            time.sleep(0.1)
        port = port_file.read_text(encoding="utf-8").split()[0]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json") as answer:
            return str(next(tab for tab in json.load(answer) if tab["type"] == "page")["webSocketDebuggerUrl"])


def _input(label: str) -> str:
    """JavaScript for the input beside a label."""
    return f"{_labelled(label)}.closest('div').parentElement.querySelector('input')"


def _labelled(label: str) -> str:
    """JavaScript for the innermost element that says just that."""
    return (
        "[...document.querySelectorAll('button, label, p, span, div')]"
        f".filter(e => e.innerText && e.innerText.trim() === {json.dumps(label)}).at(-1)"
    )
