"""Who brings no token is answered 401."""

import asyncio
from typing import Any

import pytest

from foundation_pose_ros.agents.bearer import BearerOnly
from foundation_pose_ros.errors import InputRefused

TOKEN = "a token of 20 letters"


def answered(headers: list[tuple[bytes, bytes]], kind: str = "http") -> list[Any]:
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send("answered")

    async def receive() -> Any:
        return None

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(BearerOnly(app, TOKEN)({"type": kind, "headers": headers}, receive, send))
    return sent


def test_the_token_opens() -> None:
    assert answered([(b"Authorization", b"Bearer " + TOKEN.encode())]) == ["answered"]
    assert answered([], "lifespan") == ["answered"]


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"authorization", b"Bearer ")],
        [(b"authorization", b"Bearer \xff\xfe")],
        [(b"authorization", TOKEN.encode())],
        [(b"authorization", b"bearer " + TOKEN.encode())],
        [(b"x-authorization", b"Bearer " + TOKEN.encode())],
        [(b"authorization", b"Bearer " + TOKEN.encode())] * 2,
    ],
)
def test_everything_else_does_not(headers: list[tuple[bytes, bytes]]) -> None:
    first, _ = answered(headers)
    assert first["status"] == 401


def test_other_protocols_are_not_served() -> None:
    assert answered([(b"authorization", b"Bearer " + TOKEN.encode())], "websocket") == []


@pytest.mark.parametrize("token", ["", "short", "x" * 15, "é" * 20, "a\nb" * 10])
def test_a_token_that_can_be_guessed_is_refused(token: str) -> None:
    with pytest.raises(InputRefused, match="openssl rand -hex 32"):
        BearerOnly(None, token)  # type: ignore[arg-type]
