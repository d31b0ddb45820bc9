"""Reference views out of a running stream: of all that comes in, a view is kept where it shows something new."""

from collections import Counter
from dataclasses import dataclass

import cv2
import numpy as np

from ...arrays import Mask, Pose
from ...frame import Frame
from ...se3 import rotation_angle_rad
from ...str_enum import StrEnum
from ..reference_view import ReferenceView
from ..view_poses.pose_graph import centred

_FEWEST_PIXELS = 100
_LOOK_PX = 40


@dataclass(frozen=True)
class RecordingSettings:
    """When a view is new, and how much is kept.

    turn_deg: a view with a pose is new where it is turned by this against all that are kept. One without is new where
    colours (1 - correlation) or the outline (1 - overlap) have changed by so much since the last, or by a fraction
    `slow` of that and slow_s have gone by. Twelve degrees of turn change the colours of a printed box by 0.2, its
    outline by 0.1 (rendered, 30 degrees from above).
    """

    most_views: int = 60
    largest_bytes: int = 600_000_000
    longest_s: float = 120.0
    turn_deg: float = 10.0
    colour_change: float = 0.25
    outline_change: float = 0.12
    slow: float = 0.2
    slow_s: float = 0.7


class Verdict(StrEnum):
    """What became of a frame, in words that go behind a count."""

    KEPT = "kept"
    ALIKE = "like a view that was kept"
    CUT_OFF = "cut off by the image's border"
    UNSEEN = "with next to no depth under the mask"
    FULL = "after the recording was full"


class ViewRecorder:
    """Keeps views in the order in which they come, until one of the limits is reached."""

    def __init__(self, settings: RecordingSettings = RecordingSettings()) -> None:
        self.settings = settings
        self._left_out: Counter[str] = Counter()
        self.full = ""
        self._views: list[ReferenceView] = []
        self._bytes = 0
        self._first_ns: int | None = None
        self._last_signature: AppearanceSignature | None = None

    @property
    def views(self) -> tuple[ReferenceView, ...]:
        return tuple(self._views)

    @property
    def views_in_own_frame(self) -> tuple[ReferenceView, ...]:
        """Return the same, about the object; poses of a board or of TF are about an origin that may be anywhere."""
        return centred(self.views) if self.views[0].T_cam_obj is not None else self.views

    def add(self, frame: Frame, mask: Mask, T_cam_obj: Pose | None = None) -> Verdict:
        """Keep a frame with the object's mask (H, W), and its pose (4, 4) where that is known, if it shows something.

        Raises InputRefused where mask and image differ in size. `full` says in words which limit was reached.
        """
        view = ReferenceView(frame, mask, T_cam_obj, f"{len(self._views):06d}")
        verdict = self._verdict(view)
        if verdict is not Verdict.KEPT:
            self.leave_out(verdict)
            return verdict
        self._views.append(view)
        self._bytes += frame.rgb.nbytes + frame.depth_m.nbytes + view.mask.nbytes
        self._last_signature = AppearanceSignature.of(view)
        return verdict

    def leave_out(self, why: str) -> None:
        """Count a frame that isn't even a view, for the summary; `why` goes behind the count."""
        self._left_out[why] += 1

    def summary(self) -> str:
        """Return counts in words."""
        left_out = ", ".join(f"{count} {why}" for why, count in self._left_out.most_common())
        return f"{len(self._views)} views kept" + (f"; left out: {left_out}" if left_out else "")

    def _verdict(self, view: ReferenceView) -> Verdict:
        frame, limit = view.frame, self.settings
        self._first_ns = frame.stamp_ns if self._first_ns is None else self._first_ns
        if (frame.stamp_ns - self._first_ns) * 1e-9 > limit.longest_s:
            self.full = f"recorded for {limit.longest_s:.0f} s: stop now"
        elif len(self._views) >= limit.most_views:
            self.full = f"{limit.most_views} views are kept: stop now"
        elif self._bytes > limit.largest_bytes:
            self.full = f"views fill {self._bytes / 1e6:.0f} MB: stop now"
        if self.full:
            return Verdict.FULL
        if view.seen.sum() < _FEWEST_PIXELS:
            return Verdict.UNSEEN
        if view.mask[[0, -1]].any() or view.mask[:, [0, -1]].any():
            return Verdict.CUT_OFF
        return Verdict.KEPT if self._is_new(view) else Verdict.ALIKE

    def _is_new(self, view: ReferenceView) -> bool:
        if not self._views or self._last_signature is None:
            return True
        if view.T_cam_obj is not None:
            kept = np.stack([other.pose[:3, :3] for other in self._views])
            return bool(rotation_angle_rad(kept, view.pose[:3, :3]).min() > np.deg2rad(self.settings.turn_deg))
        colour, outline = AppearanceSignature.of(view).change(self._last_signature)
        change = max(colour / self.settings.colour_change, outline / self.settings.outline_change)
        waited_s = (view.frame.stamp_ns - self._views[-1].frame.stamp_ns) * 1e-9
        return change > 1 or (change > self.settings.slow and waited_s > self.settings.slow_s)


@dataclass(frozen=True, eq=False)
class AppearanceSignature:
    """How an object looks from somewhere, wherever in the image: gray (N, N) of its cut-out, and inside (N, N) 0..1."""

    gray: np.ndarray
    inside: np.ndarray

    @classmethod
    def of(cls, view: ReferenceView) -> "AppearanceSignature":
        rows, columns = np.nonzero(view.mask)
        side_px = max(np.ptp(rows), np.ptp(columns)) + 1
        scale = _LOOK_PX / side_px
        middle = (columns.min() + columns.max()) / 2, (rows.min() + rows.max()) / 2
        M = np.array([[scale, 0, _LOOK_PX / 2 - scale * middle[0]], [0, scale, _LOOK_PX / 2 - scale * middle[1]]])
        mask = view.mask.astype(np.float32)
        gray = cv2.cvtColor(view.frame.rgb, cv2.COLOR_RGB2GRAY) * mask
        inside, shown = (
            cv2.warpAffine(cv2.GaussianBlur(image, (0, 0), max(0.5 / scale, 0.3)), M, (_LOOK_PX, _LOOK_PX))
            for image in (mask, gray)
        )
        return cls(shown / np.maximum(inside, 1e-3), inside)

    def change(self, other: "AppearanceSignature") -> tuple[float, float]:
        """Return 1 - correlation of the grays where both show the object, and 1 - overlap of the outlines."""
        a, b = self.inside > 0.5, other.inside > 0.5
        both = a & b
        if both.sum() < 2:
            return 1.0, 1.0
        x, y = (look.gray[both] - look.gray[both].mean() for look in (self, other))
        # Of a plain object nothing but noise is left: half a gray level is no change.
        correlation = float((x @ y + len(x) * 0.25) / np.sqrt((x @ x + len(x) * 0.25) * (y @ y + len(y) * 0.25)))
        return 1 - correlation, 1 - float(both.sum() / (a | b).sum())
