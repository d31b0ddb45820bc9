"""The tools as the official client sees them, in this process and over HTTP."""

import asyncio
import base64
import json
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
import pytest

mcp = pytest.importorskip("mcp")

from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

from foundation_pose_ros.agents.perception import BoxPx, FoundThing, OnboardingState, Scene, SeenObject, SegmentedThing
from foundation_pose_ros.agents.server import HttpSettings, http_server, make_server
from foundation_pose_ros.agents.tools import ToolLimits
from foundation_pose_ros.errors import InputRefused

TOKEN = "0123456789abcdef0123"
MUG = SeenObject(
    "mug",
    "mug",
    "TRACKING",
    True,
    0.9,
    "camera",
    (0.1, 0.2, 0.5),
    (0.0, 0.0, 0.0, 1.0),
    0.05,
    1.5,
    0.8,
    "mug is at x 0.100 m",
)


@dataclass
class Known:
    """A perception system that knows a mug and answers at once."""

    asked: list[Any] = field(default_factory=list)

    def objects(self) -> tuple[SeenObject, ...]:
        return (MUG,)

    def find(self, words: str, timeout_s: float) -> FoundThing:
        self.asked.append(("find", words, timeout_s))
        return FoundThing(f"{words} found", "search", (), "", MUG)

    def segment(self, support_set: str) -> SegmentedThing:
        raise InputRefused("unknown_support", f"there is no support set {support_set!r}")

    def register_box(self, name: str, box: BoxPx) -> SeenObject:
        self.asked.append(box)
        return MUG

    def register_pixel(self, name: str, u: int, v: int) -> SeenObject:
        self.asked.append((u, v))
        return MUG

    def pose(self, name: str, max_age_s: float, min_score: float, timeout_s: float) -> SeenObject:
        if name != "mug":
            raise InputRefused("not_found", f"no object {name!r} here (known: mug)")
        return MUG

    def scene(self) -> Scene:
        return Scene("an image of 80x48 pixels", (80, 48), (MUG,), ())

    def add_object(self, name: str, mesh: str, unit: str, symmetries: str, instances: int) -> str:
        return f"{name} is looked for from now on"

    def start_onboarding(self, name: str, masks: str, board: str) -> OnboardingState:
        return OnboardingState("recording", name, "RECORDING", 0)

    def stop_onboarding(self, discard: bool) -> OnboardingState:
        return OnboardingState("forgotten" if discard else "building", "mug", "BUILDING", 9)

    def onboarding(self) -> OnboardingState:
        return OnboardingState("done", "mug", "DONE", 9)

    def picture(self) -> np.ndarray:
        return np.full((480, 800, 3), (200, 30, 40), np.uint8)


def served(script: Callable[[Any], Awaitable[None]], known: Any = None, **limits: Any) -> None:
    """Run an agent's script against a server in this process."""

    async def run() -> None:
        async with mcp.Client(make_server(known or Known(), ToolLimits(**limits))) as client:
            await script(client)

    asyncio.run(run())


def test_tools_have_types_limits_and_words() -> None:
    async def script(client: Any) -> None:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) == {
            *("list_objects", "describe_scene", "get_pose", "find", "segment", "register"),
            *("add_object", "onboard_object", "show"),
        }
        for tool in tools.values():
            assert tool.description and len(tool.description) > 40
        words = tools["find"].input_schema["properties"]["words"]
        assert words["type"] == "string" and words["maxLength"] == 200 and words["description"]
        assert tools["get_pose"].output_schema["properties"]["position_m"]
        assert tools["get_pose"].annotations.read_only_hint and not tools["add_object"].annotations.read_only_hint

    served(script)


def test_answers_are_structured_and_in_words() -> None:
    async def script(client: Any) -> None:
        pose = (await client.call_tool("get_pose", {"name": "mug"})).structured_content
        assert pose["position_m"] == [0.1, 0.2, 0.5] and pose["frame_id"] == "camera" and "0.100 m" in pose["words"]
        listed = (await client.call_tool("list_objects", {})).structured_content
        assert listed["result"][0]["score"] == 0.9
        found = await client.call_tool("find", {"words": "the mug"})
        assert found.structured_content["object"]["name"] == "mug"
        assert json.loads(found.content[0].text)["words"] == "the mug found"

    served(script)


def test_a_box_or_a_pixel_registers() -> None:
    known = Known()

    async def script(client: Any) -> None:
        box = {"name": "mug", "left": 3, "top": 4, "right": 30, "bottom": 40}
        assert not (await client.call_tool("register", box)).is_error
        assert not (await client.call_tool("register", {"name": "mug", "left": 3, "top": 4})).is_error
        for wrong in ({"right": 2}, {"bottom": 4}, {"right": None}):
            assert (await client.call_tool("register", box | wrong)).is_error

    served(script, known)
    assert known.asked == [BoxPx(3, 4, 30, 40), (3, 4)]


def test_the_overlay_comes_as_an_image_no_larger_than_allowed() -> None:
    async def script(client: Any) -> None:
        content = (await client.call_tool("show", {})).content[0]
        assert content.type == "image" and content.mime_type == "image/jpeg"
        shown = cv2.imdecode(np.frombuffer(base64.b64decode(content.data), np.uint8), cv2.IMREAD_COLOR)
        assert shown.shape == (240, 400, 3) and np.abs(shown[..., ::-1].astype(int) - (200, 30, 40)).max() < 8

    served(script, longest_side_px=400)


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("get_pose", {"name": "cup"}, "no object 'cup' here"),
        ("segment", {"support_set": "cup"}, "there is no support set 'cup'"),
        ("find", {"words": "x" * 201}, "200"),
        ("find", {"words": "mug", "timeout_s": 1e9}, "60"),
        ("find", {"words": "mug", "timeout_s": float("nan")}, ""),
        ("add_object", {"name": "mug", "mesh": "mug.obj", "unit": "miles"}, "'m'"),
        ("add_object", {"name": "mug", "mesh": "mug.obj", "instances": 0}, "1"),
        ("onboard_object", {"step": "begin"}, "start"),
        ("register", {"name": "mug", "left": -1, "top": 0}, "0"),
    ],
)
def test_what_is_refused_is_an_error_in_words(tool: str, arguments: dict[str, Any], said: str) -> None:
    known = Known()

    async def script(client: Any) -> None:
        answer = await client.call_tool(tool, arguments)
        assert answer.is_error and said in answer.content[0].text

    served(script, known)
    assert not known.asked


def test_more_calls_than_allowed_are_refused() -> None:
    async def script(client: Any) -> None:
        answers = [await client.call_tool("list_objects", {}) for _ in range(4)]
        assert [answer.is_error for answer in answers] == [False, False, False, True]
        assert "as often as is allowed" in answers[-1].content[0].text

    served(script, calls_per_minute=3)


def test_what_changes_something_can_be_left_out() -> None:
    async def script(client: Any) -> None:
        assert not {"add_object", "onboard_object"} & {tool.name for tool in (await client.list_tools()).tools}
        assert (await client.call_tool("add_object", {"name": "a", "mesh": "b"})).is_error

    served(script, changes=False)


@pytest.mark.slow
def test_over_http_the_token_is_needed() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = http_server(make_server(Known()), HttpSettings(TOKEN, port=port))
    thread = threading.Thread(target=server.run)
    thread.start()
    deadline_s = time.monotonic() + 30.0
    while not server.started and time.monotonic() < deadline_s:
        time.sleep(0.01)

    async def named(token: str) -> str:
        headers = {"Authorization": f"Bearer {token}"}
        async with (
            create_mcp_http_client(headers=headers) as http,
            mcp.Client(streamable_http_client(f"http://127.0.0.1:{port}/mcp", http_client=http)) as client,
        ):
            pose = await client.call_tool("get_pose", {"name": "mug"})
            return str(pose.structured_content["name"])

    try:
        assert asyncio.run(named(TOKEN)) == "mug"
        with pytest.raises(BaseException) as refused:  # an exception group or an MCPError, as the client likes
            asyncio.run(named("another token that is long"))
        assert not isinstance(refused.value, AssertionError)
    finally:
        server.should_exit = True
        thread.join(30.0)
    assert not thread.is_alive()
