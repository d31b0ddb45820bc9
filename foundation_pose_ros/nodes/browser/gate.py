"""A door before a web server that asks nobody who they are: it lets through who knows a token, and no other web page.

The server behind it listens on loopback alone. Needs no ROS.
"""

import asyncio
import hashlib
import hmac
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

Result = TypeVar("Result")

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_LONGEST_HEAD, _LONGEST_HEAD_S = 16 * 1024, 5.0
_PIECE = 64 * 1024
# A browser has at most seven. The process needs its files for other things, too.
_MOST_CONNECTIONS = 64
_LONGEST_END_S = 2.0


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
        """Return what the address says (`/?token=...`), '' where it says none."""
        return parse_qs(urlsplit(self.target).query).get("token", [""])[0]

    def cookie(self, name: str) -> str:
        """Return what the browser keeps by that name, '' where it keeps nothing.

        Those of other programs may be malformed.
        """
        pairs = (each.partition("=") for each in self.headers.get("cookie", "").split(";"))
        return next((value.strip() for key, _, value in pairs if key.strip() == name), "")

    @property
    def host(self) -> str:
        return urlsplit(f"//{self.headers.get('host', '')}").hostname or ""

    @property
    def is_of_this_page(self) -> bool:
        """False where a page of another site asks, or has this one in a frame: browsers say so. It may link here."""
        if origin := self.headers.get("origin", ""):
            return urlsplit(origin).netloc == self.headers.get("host", "")
        is_link = self.headers.get("sec-fetch-dest") == "document"
        return is_link or self.headers.get("sec-fetch-site") not in ("cross-site", "same-site")


class Gate:
    """Listens on a port from the making on, and hands connections on, until `close`.

    port: the one that it listens on, where 0 was asked for any. token: '' asks for none, on loopback alone.
    refused(reason, message): is told of each request that is kept out, in a thread of the gate's. Raises OSError where
    the port is taken, ValueError for another host without a token.
    """

    def __init__(
        self,
        host: str,
        port: int,
        inner_port: int,
        token: str = "",
        refused: Callable[[str, str], None] = lambda reason, message: None,
    ) -> None:
        if host not in LOOPBACK and not token:
            raise ValueError(f"{host} can be reached from other machines: a token is needed")
        self._host, self._inner_port, self._token, self._refused = host, inner_port, token, refused
        # Cookies know no ports: pages of several robots, or tunnels to them, keep theirs apart by the name.
        self._cookie = f"foundation_perception_{hashlib.sha256(token.encode()).hexdigest()[:8]}"
        self._connections = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="gate", daemon=True)
        self._thread.start()
        try:
            self._server = self._run(asyncio.start_server(self._serve, host, port, limit=_LONGEST_HEAD)).result()
        except BaseException:
            self._end_thread()
            raise
        self.port: int = self._server.sockets[0].getsockname()[1]

    @property
    def address(self) -> str:
        """Return the address for a browser, token included."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self.port}/" + (f"?token={self._token}" if self._token else "")

    def close(self) -> None:
        """Let nobody in any more, and end all connections."""
        with suppress(TimeoutError):
            self._run(self._end()).result(_LONGEST_END_S)
        self._end_thread()

    def _end_thread(self) -> None:
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
        self._connections += 1
        try:
            await self._let_through(reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            return
        finally:
            self._connections -= 1
            writer.close()

    async def _let_through(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._connections > _MOST_CONNECTIONS:
            writer.write(self._kept_out("503 Service Unavailable", "too_many_connections", "too many look at the page"))
            return
        raw = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _LONGEST_HEAD_S)
        answer = self._answer(_Head.of(raw))
        if answer:
            writer.write(answer)
            return
        # Of the requests that follow on this connection the first had the token.
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._inner_port)
        inner_writer.write(raw)
        try:
            await asyncio.gather(_sent_on(reader, inner_writer), _sent_back(inner_reader, writer))
        finally:
            inner_writer.close()

    def _answer(self, head: _Head) -> bytes:
        """What a request gets in place of the page, b'' for one that goes through."""
        # Another name for this machine's loopback is a page elsewhere that wants in by a name of its own (rebinding).
        if not head.is_of_this_page or (not self._token and head.host not in LOOPBACK):
            return self._kept_out("403 Forbidden", "other_page", "this page may only be asked by itself")
        if not self._token or hmac.compare_digest(head.cookie(self._cookie).encode(), self._token.encode()):
            return b""
        if hmac.compare_digest(head.token.encode(), self._token.encode()):
            keep = f"Set-Cookie: {self._cookie}={self._token}; HttpOnly; SameSite=Strict; Path=/\r\nLocation: /\r\n"
            return _response("303 See Other", "", keep)
        fix = "open the address that the node has logged, with ?token=... in it"
        return self._kept_out("401 Unauthorized", "no_token", fix)

    def _kept_out(self, status: str, reason: str, message: str) -> bytes:
        self._refused(reason, f"the page was asked for in vain: {message}")
        return _response(status, message)


def _response(status: str, body: str, headers: str = "") -> bytes:
    text = f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n{headers}"
    return f"{text}Connection: close\r\n\r\n{body}".encode()


async def _sent_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """To the server; who has no more to say may still wait for its answer."""
    await _hand_on(reader, writer)
    with suppress(OSError):
        writer.write_eof()


async def _sent_back(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """To the browser; when the server is done, all is."""
    await _hand_on(reader, writer)
    writer.close()


async def _hand_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while piece := await reader.read(_PIECE):
            writer.write(piece)
            await writer.drain()
