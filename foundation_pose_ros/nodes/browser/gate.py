"""A door before a web server that asks nobody who they are: it lets through who knows a token, and no other web page.

The server behind it listens on loopback alone. Needs no ROS.
"""

import asyncio
import hmac
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

Result = TypeVar("Result")

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_COOKIE = "foundation_perception"
_LONGEST_HEAD, _LONGEST_HEAD_S = 16 * 1024, 5.0
_PIECE = 64 * 1024


@dataclass(frozen=True)
class _Head:
    """The beginning of a request: its target, and headers by their names in lower case."""

    target: str
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, head: bytes) -> "_Head":
        first, *lines = head.decode("latin-1").split("\r\n")
        words = first.split(" ")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return cls(words[1] if len(words) == 3 else "", headers)

    @property
    def token(self) -> str:
        """What the address says (`/?token=...`), '' where it says none."""
        return parse_qs(urlsplit(self.target).query).get("token", [""])[0]

    @property
    def cookie(self) -> str:
        """The token that the browser keeps, '' where it has none."""
        try:
            kept = SimpleCookie(self.headers.get("cookie", "")).get(_COOKIE)
        except CookieError:
            return ""
        return "" if kept is None else kept.value

    @property
    def host(self) -> str:
        return urlsplit(f"//{self.headers.get('host', '')}").hostname or ""

    @property
    def is_of_this_page(self) -> bool:
        """False where a page of another site asks: browsers say which one does."""
        origin = self.headers.get("origin", "")
        return not origin or urlsplit(origin).netloc == self.headers.get("host", "")


class Gate:
    """Listens on a port from the making on, and hands connections on, until `close`.

    port: the one that it listens on, where 0 was asked for any. token: '' asks for none, on loopback alone. Raises
    OSError where the port is taken, ValueError for another host without a token.
    """

    def __init__(self, host: str, port: int, inner_port: int, token: str = "") -> None:
        if host not in LOOPBACK and not token:
            raise ValueError(f"{host} can be reached from other machines: a token is needed")
        self._host, self._inner_port, self._token = host, inner_port, token
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="gate", daemon=True)
        self._thread.start()
        self._server = self._run(asyncio.start_server(self._serve, host, port, limit=_LONGEST_HEAD)).result()
        self.port: int = self._server.sockets[0].getsockname()[1]

    @property
    def address(self) -> str:
        """Return the address for a browser, token included."""
        return f"http://{self._host}:{self.port}/" + (f"?token={self._token}" if self._token else "")

    def close(self) -> None:
        """Let nobody in any more, and end all connections."""
        self._run(self._end()).result(2.0)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, Result]) -> Future[Result]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _end(self) -> None:
        self._server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            raw = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _LONGEST_HEAD_S)
            refusal = self._answer(_Head.of(raw))
            if refusal:
                writer.write(refusal)
                await writer.drain()
                return
            # Of the requests that follow on this connection the first had the token.
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._inner_port)
            inner_writer.write(raw)
            try:
                await asyncio.gather(_hand_on(reader, inner_writer), _hand_on(inner_reader, writer))
            finally:
                inner_writer.close()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            return
        finally:
            writer.close()

    def _answer(self, head: _Head) -> bytes:
        """What keeps a request out, b'' for one that goes through."""
        # Another name for this machine's loopback is a page elsewhere that wants in by a name of its own (rebinding).
        if not head.is_of_this_page or (not self._token and head.host not in LOOPBACK):
            return _response("403 Forbidden", "this page may only be asked by itself")
        if not self._token or hmac.compare_digest(head.cookie.encode(), self._token.encode()):
            return b""
        if hmac.compare_digest(head.token.encode(), self._token.encode()):
            keep = f"Set-Cookie: {_COOKIE}={self._token}; HttpOnly; SameSite=Strict; Path=/\r\nLocation: /\r\n"
            return _response("303 See Other", "", keep)
        return _response("401 Unauthorized", "open the address that the node has logged, with ?token=... in it")


def _response(status: str, body: str, headers: str = "") -> bytes:
    text = f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n{headers}"
    return f"{text}Connection: close\r\n\r\n{body}".encode()


async def _hand_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while piece := await reader.read(_PIECE):
            writer.write(piece)
            await writer.drain()
    with suppress(OSError):
        writer.close()
