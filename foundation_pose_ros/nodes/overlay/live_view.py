"""The live picture of a camera with the objects of a pose_node in it, for whoever shows it."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import cv2

from ...arrays import Pose, Rgb
from ...frame import Frame
from ...input_limits.bounded_process import BoundedProcess
from ...overlay import AugmentedReality, LiveObject, PredictionSettings, drawn
from ...streams.latest_only_worker import LatestOnlyWorker
from ...streams.transform_buffer import TransformBuffer
from ..lifecycle_node import WorkingNode
from ..parameters import Row, values
from ..pose.inputs import needs_transforms
from ..pose.object_catalogue import load_object
from ..pose.objects import configured_entries
from ..transform_listener import TransformListener
from .inputs import OverlayInputs
from .objects import OverlayObjects
from .parameters import drawing_settings

# Meshes and textures are read in its processes.
MESH_READER = BoundedProcess([load_object.__module__])


class LiveView:
    """Reads meshes, and draws the newest image as often as it can, in a thread of its own, from `start` to `stop`.

    wanted(): while not, nothing is drawn. show(frame, picture, objects): takes each picture, in that thread.
    unusable: why objects were left out, by name.
    pictures, drawing_s, last_image_s: how many were drawn, how long the last took, and when, by the node's clock.
    """

    def __init__(
        self,
        node: WorkingNode,
        table: Sequence[Row],
        wanted: Callable[[], bool],
        show: Callable[[Frame, Rgb, list[LiveObject]], None],
    ) -> None:
        self._node, self._table, self._wanted, self._show = node, table, wanted, show
        settings = values(node, table)
        cv2.setNumThreads(settings["threads"])
        entries, self.unusable = configured_entries(node, settings, partial(MESH_READER.call, load_object))
        self.objects = OverlayObjects({name: entry.model for name, entry in entries.items()})
        self._reality = AugmentedReality(drawing_settings(settings), settings["threads"])
        self.worker = LatestOnlyWorker({"frame": self._draw}, node.failed, lambda _: None, "drawing")
        self._transforms: TransformListener | None = None
        self.inputs: OverlayInputs | None = None
        self.pictures, self.drawing_s, self.last_image_s = 0, 0.0, node.now_s()

    def start(self) -> None:
        """Subscribe and draw."""
        settings = values(self._node, self._table)
        if needs_transforms(settings):
            self._hear_transforms()
        self.worker.start()
        self.last_image_s = self._node.now_s()
        self.inputs = OverlayInputs(self._node, settings, self._on_frame, self.objects, self._wanted, self._buffer)

    def stop(self) -> None:
        """Draw no more."""
        inputs, self.inputs = self.inputs, None
        if inputs is not None:
            inputs.close()
        self.worker.stop()
        transforms, self._transforms = self._transforms, None
        if transforms is not None:
            transforms.close()

    @property
    def no_images(self) -> str:
        """Say that none come in, and on which topic they are expected."""
        return f"no images on {self._node.input_topic()}, or none with depth and camera_info"

    @property
    def _buffer(self) -> TransformBuffer:
        return TransformBuffer() if self._transforms is None else self._transforms.buffer

    def _hear_transforms(self) -> None:
        if self._transforms is None:
            self._transforms = TransformListener(self._node)

    def _on_frame(self, frame: Frame, has_depth: bool) -> None:
        self.worker.put("frame", (frame, has_depth))

    def _way(self, target: str, source: str, stamp_ns: int) -> Pose | None:
        """T_target_source at a stamp, else the newest: TF comes later than images."""
        # Poses are mostly in the image's own frame: TF is heard from the first that isn't.
        self._hear_transforms()
        T = self._buffer.lookup(target, source, stamp_ns)
        return self._buffer.newest(target, source) if T is None else T

    def _draw(self, item: tuple[Frame, bool]) -> None:
        frame, has_depth = item
        started_s, settings = time.monotonic(), values(self._node, self._table)
        self._reality.settings = drawing_settings(settings)
        prediction = PredictionSettings(longest_s=settings["longest_prediction_s"])
        objects = self.objects.at(frame, prediction, settings["oldest_pose_s"], self._way)
        depth_m: Any = frame.depth_m if has_depth else None
        poses, notes = drawn(objects)
        picture = self._reality.draw(frame.rgb, frame.camera, poses, depth_m, notes)
        self.drawing_s, self.last_image_s = time.monotonic() - started_s, self._node.now_s()
        self.pictures += 1
        self._show(frame, picture, objects)
