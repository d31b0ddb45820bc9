"""Pictures of a recording's frames with the poses drawn in."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ..datasets.sequence import Sequence
from ..errors import InputRefused
from ..evaluation.runner import Estimate
from ..frame import Frame

if TYPE_CHECKING:
    from ..overlay import OverlayRenderers


class OverlayWriter:
    """Draw the poses of a frame into DIR/SEQUENCE/FRAME.png; without a folder do nothing."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._renderers: OverlayRenderers | None = None

    def __call__(self, sequence: Sequence, frame: Frame | None, estimates: Iterable[Estimate]) -> None:
        if self._folder is None or frame is None:
            return
        import cv2

        from ..overlay import PALETTE, OverlayPose, OverlayRenderers, draw_overlay

        estimates = list(estimates)
        poses = [
            OverlayPose(
                sequence.model(e.object_name),
                e.result.T_cam_obj,
                f"{e.object_name} {e.result.score:.2f}",
                PALETTE[index % len(PALETTE)],
            )
            for index, e in enumerate(estimates)
            if e.result is not None
        ]
        path = self._folder / sequence.name / f"{estimates[0].frame_id}.png"
        self._renderers = self._renderers or OverlayRenderers()
        drawn = draw_overlay(frame.rgb, frame.camera, poses, renderers=self._renderers)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            written = cv2.imwrite(str(path), cv2.cvtColor(drawn, cv2.COLOR_RGB2BGR))
        except OSError:
            written = False
        if not written:
            raise InputRefused("output", f"{path} can't be written: give --overlay a folder that may be written")
