"""The tools that agents are given; imports mcp."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Literal

import cv2
import numpy as np
from mcp.server import MCPServer
from mcp.server.mcpserver import Image
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import Field

from ..errors import InputRefused
from ..input_limits.request_rate import RequestRate
from ..prompts.known_names import LONGEST_WORDS
from .perception import (
    BoxPx,
    FoundThing,
    OnboardingMasks,
    OnboardingState,
    Perception,
    Scene,
    SeenObject,
    SegmentedThing,
)

Name = Annotated[str, Field(min_length=1, max_length=100, description="the object's name, as list_objects says it")]
Words = Annotated[str, Field(min_length=1, max_length=LONGEST_WORDS, description="what to find, as in 'red mug'")]
Seconds = Annotated[float, Field(ge=0.0, le=60.0, description="how long to wait, in seconds")]
Column = Annotated[int, Field(ge=0, le=16384, description="column of the colour image, pixels from the left")]
Row = Annotated[int, Field(ge=0, le=16384, description="row of the colour image, pixels from the top")]

_LOOKS = ToolAnnotations(read_only_hint=True)
_ACTS = ToolAnnotations(read_only_hint=False, destructive_hint=False)
_JPEG_QUALITY = 85


@dataclass(frozen=True)
class ToolLimits:
    """calls_per_minute: of all tools together. longest_side_px: of images that agents are shown.

    changes: whether objects may be added and onboarded.
    """

    calls_per_minute: int = 120
    longest_side_px: int = 1024
    changes: bool = True


class Tools:
    """Answers agents by a perception system: each method is a tool, its docstring what agents read.

    What is refused reaches the agent as an error of the tool, in the refusal's words.
    """

    def __init__(self, perception: Perception, limits: ToolLimits) -> None:
        self._perception, self._limits = perception, limits
        self._rate = RequestRate("this server", limits.calls_per_minute, 60.0)

    def register_on(self, server: MCPServer) -> None:
        """Offer all of them on a server; those that change something only where that is allowed."""
        looking: tuple[Callable[..., object], ...] = (
            self.list_objects,
            self.describe_scene,
            self.get_pose,
            self.segment,
            self.show,
        )
        acting: tuple[Callable[..., object], ...] = (self.find, self.register)
        if self._limits.changes:
            acting += (self.add_object, self.onboard_object)
        for tool in looking:
            server.add_tool(tool, annotations=_LOOKS)
        for tool in acting:
            server.add_tool(tool, annotations=_ACTS)

    def list_objects(self) -> tuple[SeenObject, ...]:
        """List all objects whose models are known: state, pose in metres, score (how likely it is right)."""
        with self._answering():
            return self._perception.objects()

    def describe_scene(self) -> Scene:
        """Describe what is known of what the camera sees now: objects with poses, image size, support sets."""
        with self._answering():
            return self._perception.scene()

    def get_pose(
        self,
        name: Name,
        max_age_s: Annotated[float, Field(gt=0.0, le=60.0, description="how old its image may be, seconds")] = 0.5,
        min_score: Annotated[float, Field(ge=0.0, le=1.0, description="least score that counts")] = 0.5,
        timeout_s: Seconds = 5.0,
    ) -> SeenObject:
        """Get a fresh pose of an object, good enough to act on: metres and a quaternion x, y, z, w in frame_id.

        Fails, and says why, where there is none in time; a pose in doubt is never given.
        """
        with self._answering():
            return self._perception.pose(name, max_age_s, min_score, timeout_s)

    def find(self, words: Words, timeout_s: Seconds = 10.0) -> FoundThing:
        """Find what words mean in the newest image: a known object by name or alias with its pose, or where it is.

        What has no model yet can be onboarded (onboard_object), or its mesh added (add_object).
        """
        with self._answering():
            return self._perception.find(words, timeout_s)

    def segment(
        self, support_set: Annotated[str, Field(max_length=100, description="its name; empty: the only one")] = ""
    ) -> SegmentedThing:
        """Segment the newest image as the examples of a support set show: boxes, areas in pixels and confidences."""
        with self._answering():
            return self._perception.segment(support_set)

    def register(
        self,
        name: Name,
        left: Column,
        top: Row,
        right: Annotated[int | None, Field(ge=1, le=16384, description="exclusive; leave out for a pixel")] = None,
        bottom: Annotated[int | None, Field(ge=1, le=16384, description="exclusive; leave out for a pixel")] = None,
    ) -> SeenObject:
        """Find the pose of a known object where you see it: in a box of the colour image, or at one pixel on it."""
        with self._answering():
            if right is None and bottom is None:
                return self._perception.register_pixel(name, left, top)
            if right is None or bottom is None or right <= left or bottom <= top:
                raise InputRefused("bad_box", "right and bottom must lie beyond left and top, or both be left out")
            return self._perception.register_box(name, BoxPx(left, top, right, bottom))

    def add_object(
        self,
        name: Name,
        mesh: Annotated[str, Field(min_length=1, max_length=500, description="file below a configured folder")],
        unit: Literal["m", "dm", "cm", "mm", "in", "auto"] = "m",
        symmetries: Annotated[str, Field(max_length=2000, description="YAML; empty: found from the mesh")] = "",
        instances: Annotated[int, Field(ge=1, le=20, description="how many of it there are")] = 1,
    ) -> str:
        """Look for one more object from now on, by a mesh file in one of the folders that pose_node may read."""
        with self._answering():
            return self._perception.add_object(name, mesh, unit, symmetries, instances)

    def onboard_object(
        self,
        step: Annotated[
            Literal["start", "stop", "discard", "status"],
            Field(description="start recording views; stop and make the model; discard them; status: how far it is"),
        ],
        name: Annotated[str, Field(max_length=100, description="of the object, for start")] = "",
        masks: Annotated[
            OnboardingMasks,
            Field(description="topic: of the masks topic; plane: the thing alone on the table; board: on a board"),
        ] = "plane",
        board: Annotated[str, Field(max_length=100, description="printed board, as in charuco:7x5:30:22:5X5_100")] = "",
    ) -> OnboardingState:
        """Learn an object without a mesh: start, have it turned before the camera once, slowly, stop, ask for status.

        Once its state is DONE the object is known, and found like all others.
        """
        with self._answering():
            if step == "start":
                return self._perception.start_onboarding(name, masks, board)
            if step == "status":
                return self._perception.onboarding()
            return self._perception.stop_onboarding(step == "discard")

    def show(self) -> Image:
        """Show the newest camera image, with outlines, axes and scores of the objects drawn over it."""
        with self._answering():
            picture: np.ndarray = self._perception.picture()
        scale = min(1.0, self._limits.longest_side_px / max(picture.shape[:2]))
        if scale < 1.0:
            picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        _, jpeg = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
        return Image(data=jpeg.tobytes(), format="jpeg")

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            self._rate.take()
            yield
        except InputRefused as refused:
            raise ToolError(str(refused)) from None
