"""Objects registered because somebody asks for it, from an image that is kept."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...errors import InputRefused
from ...frame import Frame
from ...pose_result import PoseResult
from ...streams.image_messages import to_labels
from ...streams.mask_inputs import LabelImage, MaskInput
from ...streams.time_synchronizer import stamp_to_ns
from ...tracking import TrackedObject, TrackState
from ...tracking.instances import instance_meant
from ...tracking.pipeline import PosePipeline
from ...tracking.pointed_at import PointedAt
from .found import Found
from .objects import PoseObjects


@dataclass(frozen=True)
class Registrar:
    """Registers by request.

    rectified: frees labels (H, W) of a raw image of the lens's distortion, as frames are. placed(result, frame_id):
    puts a result of an image with that frame_id into the frame that poses are published in.
    """

    objects: PoseObjects
    pipeline: PosePipeline
    ask_for_masks: Callable[[tuple[str, ...]], None]
    rectified: Callable[[np.ndarray], np.ndarray]
    placed: Callable[[PoseResult, str], PoseResult]

    def chosen(self, name: str) -> str:
        """Return the object that a request means, which may leave it out where there is just one.

        The name of a model means the first of its instances that isn't tracked.
        """
        ids = self.objects.ids
        if not name and len(ids) != 1:
            raise InputRefused(
                "unknown_object", f"say which object is meant: one of {', '.join(ids) or 'none configured'}"
            )
        tracker = self.pipeline.tracker
        missing = [id for id, state in tracker.states().items() if state is not TrackState.TRACKING]
        return instance_meant(name or ids[0], tracker.objects, missing)

    def frame_of(self, stamp: Any) -> Frame:
        """Return the image of a message's stamp, the newest for None or 0; raises InputRefused where it isn't kept."""
        frame = self.pipeline.frame_of(0 if stamp is None else stamp_to_ns(stamp))
        if frame is None:
            raise InputRefused(
                "mask_without_frame",
                "no image of that stamp is kept: activate the node, and copy the stamp of the mask's image "
                "(0 = the newest image)",
            )
        return frame

    def by_mask(self, id: str, mask: Any) -> "OngoingRegistration":
        """Begin to register an object from a mask, an Image with the stamp of its own."""
        frame = self.frame_of(mask.header.stamp)
        masks = LabelImage(frame.stamp_ns, to_labels(mask), self.rectified, only=id, force=True)
        return self.begun(id, frame, masks)

    def by_pixel(self, id: str, stamp: Any, u: int, v: int, of_raw_image: bool = True) -> "OngoingRegistration":
        """Begin to register an object from a pixel that lies on it, of the image as it was sent, or as it is used."""
        frame = self.frame_of(stamp)
        rectified = self.rectified if of_raw_image else np.asarray
        pointed_at = PointedAt(frame.stamp_ns, id, u, v, self.pipeline.tracker.estimator, rectified)
        return self.begun(id, frame, pointed_at)

    def begun(self, id: str, frame: Frame, masks: MaskInput) -> "OngoingRegistration":
        """Begin to register an object from masks of an image."""
        return OngoingRegistration(id, frame, self.pipeline.register_now(frame, masks), self.placed)


@dataclass(frozen=True)
class OngoingRegistration:
    """A registration that is under way; done: all objects once it is finished, or why it was refused."""

    id: str
    frame: Frame
    done: "Future[list[TrackedObject]]"
    placed: Callable[[PoseResult, str], PoseResult]

    def found(self, objects: list[TrackedObject]) -> Found:
        """Return the object out of all; raises InputRefused, in words, where it wasn't found."""
        tracked = next(o for o in objects if o.id == self.id)
        if tracked.state is not TrackState.TRACKING or tracked.result is None:
            raise InputRefused("low_score", f"{self.id} was not found: {tracked.reason}")
        if tracked.registered_ns != self.frame.stamp_ns:
            raise InputRefused(
                "low_score", f"{self.id} was not found where the mask is, and is tracked on as before: check the mask"
            )
        result = self.placed(tracked.result, self.frame.frame_id)
        return Found(replace(tracked, result=result), result.frame_id or self.frame.frame_id, result.stamp_ns)
