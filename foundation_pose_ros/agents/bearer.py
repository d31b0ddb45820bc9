"""HTTP that answers those alone who bring the token."""

import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from ..errors import InputRefused

SHORTEST_TOKEN = 16

Scope = MutableMapping[str, Any]
App = Callable[[Scope, Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]


class BearerOnly:
    """An ASGI application behind a bearer token; raises InputRefused for a token that could be guessed."""

    def __init__(self, app: App, token: str) -> None:
        if len(token) < SHORTEST_TOKEN or not token.isascii() or not token.isprintable():
            raise InputRefused(
                "bad_token",
                f"a token has {SHORTEST_TOKEN} printable characters or more; `openssl rand -hex 32` makes one",
            )
        self._app, self._wanted = app, f"Bearer {token}".encode("ascii")

    async def __call__(
        self, scope: Scope, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        """Hand requests on that carry the token; answer 401 to all others."""
        if scope["type"] == "lifespan" or (scope["type"] == "http" and self._is_wanted(scope)):
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            headers = [(b"www-authenticate", b"Bearer"), (b"content-type", b"text/plain")]
            await send({"type": "http.response.start", "status": 401, "headers": headers})
            await send({"type": "http.response.body", "body": b"a bearer token is needed"})

    def _is_wanted(self, scope: Scope) -> bool:
        given = [value for name, value in scope["headers"] if name.lower() == b"authorization"]
        return len(given) == 1 and hmac.compare_digest(given[0], self._wanted)
