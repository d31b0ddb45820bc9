"""A local endpoint that speaks OpenAI's chat protocol, well and badly."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


def thing(k: int, **changed: object) -> dict[str, object]:
    """A thing of an idea, the k-th of its kind."""
    shapes = ("carton", "can", "turned", "mug", "book")
    return {
        "shape": shapes[k % len(shapes)],
        "width_mm": 40 + k,
        "depth_mm": 50,
        "height_mm": 90,
        "material": ("paper", "metal", "wood")[k % 3],
        "finish": "print",
        "texture": "",
        "brand": f"BRAND{k}",
        "goods": "green tea",
        "ground": "#206040",
        "accent": "#f0c020",
        **changed,
    }


def ideas(count: int = 2, batch: int = 0, **changed: object) -> dict[str, object]:
    """An answer with some scenes."""
    scenes = [
        {
            "theme": f"kitchen {batch} {k}",
            "objects": [thing(10 * k + batch)],
            "clutter": [thing(10 * k + 1), thing(10 * k + 2)],
            "table": "stone",
            "light": "overcast",
            "hand": False,
        }
        for k in range(count)
    ]
    scenes[0] |= changed
    return {"scenes": scenes}


def reply(content: object, **message: object) -> bytes:
    """A body of the protocol around an answer."""
    text = content if isinstance(content, str) else json.dumps(content)
    choice = {"index": 0, "finish_reason": message.pop("finish_reason", "stop")}
    choice["message"] = {"role": "assistant", "content": text, **message}
    usage = {"prompt_tokens": 300, "completion_tokens": 200, "total_tokens": 500}
    return json.dumps({"id": "1", "object": "chat.completion", "choices": [choice], "usage": usage}).encode()


class Endpoint:
    """Answers the n-th question with the n-th answer, and the rest with the last; keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: list[Callable[[BaseHTTPRequestHandler], None]] = []
        self.asked: list[dict[str, object]] = []
        self.url = ""

    def says(self, body: bytes, status: int = 200) -> None:
        """Next, send this."""

        def send(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            handler.send_header("Content-Type", "application/json")
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)

        self.answers.append(send)

    def is_silent(self, for_s: float) -> None:
        """Next, say nothing for a while."""
        self.answers.append(lambda _: time.sleep(for_s))

    def drips(self, every_s: float, drops: int) -> None:
        """Next, send space after space, one at a time."""

        def send(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.end_headers()
            for _ in range(drops):
                handler.wfile.write(b" ")
                handler.wfile.flush()
                time.sleep(every_s)

        self.answers.append(send)


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    known = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            known.asked.append(json.loads(self.rfile.read(length)) | {"path": self.path})
            with suppress(OSError):
                known.answers[min(len(known.asked), len(known.answers)) - 1](self)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    known.url = f"http://127.0.0.1:{server.server_port}/v1"
    yield known
    server.shutdown()
    server.server_close()
