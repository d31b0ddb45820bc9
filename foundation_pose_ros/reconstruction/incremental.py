"""A model made from views grows while its object is tracked: frames that show unseen surface become views of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from ..arrays import Mask
from ..errors import InputRefused
from ..frame import Frame
from ..object_model.model import ObjectModel
from ..pose_result import PoseResult
from ..rendering.embree import EmbreeRenderer
from ..se3 import rotation_angle_rad
from .reconstruct import Reconstruction, ReconstructionSettings, reconstruct
from .reference_view import ReferenceView
from .report import coverage
from .view_poses.realignment import realigned
from .view_selection import choose


@dataclass(frozen=True)
class GrowthSettings:
    """Which frames become views, and when a model is made anew.

    least_score: of the tracked pose. turn_deg: against all views that are there. least_unseen: share of the silhouette
    that no view has seen. least_visible: share of the silhouette that nothing hides. tolerance, depth: seen surface is
    found within the one, unseen surface as deep as the other behind where it was closed (shares of the diameter).
    batch: so many new views make a new model. least_gain: share of the surface that it must have seen more.
    """

    least_score: float = 0.8
    turn_deg: float = 10.0
    least_unseen: float = 0.08
    least_visible: float = 0.7
    tolerance: float = 0.04
    depth: float = 0.35
    batch: int = 3
    most_views: int = 40
    least_gain: float = 0.005
    reconstruction: ReconstructionSettings = field(default_factory=lambda: ReconstructionSettings(views=24))


class GrowingModel:
    """An object model with the views that it was made from, to which tracked frames are added.

    Not safe to use from several threads at once.
    """

    def __init__(
        self, model: ObjectModel, views: Sequence[ReferenceView], settings: GrowthSettings = GrowthSettings()
    ) -> None:
        """views: with poses in the model's frame."""
        self.model, self.settings = model, settings
        self.seen_share = coverage(model)[0]
        self._views, self._new = list(views), list[ReferenceView]()
        self._renderer = EmbreeRenderer(model)

    @property
    def views(self) -> tuple[ReferenceView, ...]:
        """Return all that are kept, the new ones last."""
        return (*self._views, *self._new)

    @property
    def ready(self) -> bool:
        """Tell whether enough is new for a model to be made anew."""
        return len(self._new) >= self.settings.batch

    def add_frame(self, frame: Frame, result: PoseResult) -> bool:
        """Keep a frame in which the object was tracked, if it is sure and shows what no view has seen."""
        limit, T_cam_obj = self.settings, result.T_cam_obj
        if result.score < limit.least_score:
            return False
        turned = rotation_angle_rad(np.stack([view.pose[:3, :3] for view in self.views]), T_cam_obj[:3, :3])
        if turned.min() < np.deg2rad(limit.turn_deg):
            return False
        camera = frame.camera
        rendering = self._renderer.render(T_cam_obj[None], camera.K, (camera.height, camera.width))
        hit = rendering.depth_m[0] > 0
        cut_off = hit[[0, -1]].any() or hit[:, [0, -1]].any()
        if rendering.sigma_m is None or not hit.any() or cut_off:
            return False
        unseen = hit & np.isinf(rendering.sigma_m[0])
        mask = self._mask(frame, rendering.depth_m[0], unseen)
        if unseen.sum() < limit.least_unseen * hit.sum() or mask.sum() < limit.least_visible * hit.sum():
            return False
        # What a view is off by, all that are tracked against it would be off by as well.
        self._new.append(realigned(ReferenceView(frame, mask, T_cam_obj, f"seen at {frame.stamp_ns}"), self.views))
        return True

    def rebuild(self) -> Reconstruction:
        """Return the model made anew from all views, in the same frame; it is `model` from now on.

        Raises InputRefused where the views make none, or it has seen next to nothing more; the new views are then
        forgotten.
        """
        views = choose(self.views, self.settings.most_views)
        fresh, self._new = self._new, []
        result = reconstruct(views, self.model.name, self.settings.reconstruction, self.model.declared_symmetries)
        gained = result.report.seen_share - self.seen_share
        if gained < self.settings.least_gain:
            raise InputRefused(
                "nothing_gained",
                f"{len(fresh)} new views of {self.model.name} show {100 * gained:.1f} % more: left out",
            )
        self._views = [view for view in views if view in result.used or view in result.held_out]
        self.model, self.seen_share = result.model, result.report.seen_share
        self._renderer = EmbreeRenderer(self.model)
        return result

    def _mask(self, frame: Frame, rendered_m: np.ndarray, unseen: np.ndarray) -> Mask:
        """(H, W) bool: the silhouette without what hides the object, or shows what is behind it.

        Where the model was only closed the true surface lies behind, by as much as nobody knows.
        """
        diameter_m, limit = self.model.diameter_m, self.settings
        behind_m = frame.depth_m - rendered_m
        deepest_m = np.where(unseen, limit.depth * diameter_m, limit.tolerance * diameter_m)
        agrees = (behind_m > -limit.tolerance * diameter_m) & (behind_m < deepest_m)
        inside = ((rendered_m > 0) & (agrees | (frame.depth_m == 0))).astype(np.uint8)
        _, labels, stats, _ = cv2.connectedComponentsWithStats(
            cv2.morphologyEx(inside, cv2.MORPH_OPEN, np.ones((3, 3)))
        )
        if len(stats) < 2:
            return np.zeros(inside.shape, bool)
        return labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
