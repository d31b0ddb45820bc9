"""What a demonstration leaves behind: poses as JSON lines, pictures with the poses drawn in, one line of figures."""

import json
import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ...atomic_file import replacing
from ...overlay import PALETTE, OverlayPose, OverlayRenderers, contact_sheet, draw_overlay
from ..replay.source import ReplaySource
from .pose_collector import PlayedFrame, PoseCollector, PublishedPose, Summary

POSES_FILE, SHEET_FILE = "poses.jsonl", "overlay.png"
SHEET_FRAMES, SHEET_COLUMNS, CELL_WIDTH_PX = 6, 3, 640


class DemoRecord:
    """Knows which frame of the source each stamp is."""

    def __init__(self, source: ReplaySource, collector: PoseCollector) -> None:
        self.frame_ids: dict[int, str] = {}
        self._source = source
        self._renderers = OverlayRenderers()
        self._collector = collector

    def add_frame(self, frame_id: str, stamp_ns: int) -> None:
        """Note a frame that is about to be published."""
        self.frame_ids[stamp_ns] = frame_id

    @property
    def summary(self) -> Summary:
        """Return the figures of what was published."""
        return self._collector.summary()

    @property
    def unanswered(self) -> int:
        """Count the frames that nothing was published about so far."""
        return sum(not self._heard(stamp_ns).answered for stamp_ns in self.frame_ids)

    def write(self, folder: Path) -> None:
        """Write the files into a folder that is there; what stood in them before is replaced."""
        with replacing(folder / POSES_FILE) as unfinished, unfinished.open("w", encoding="utf-8") as stream:
            for stamp_ns, frame_id in self.frame_ids.items():
                for name in self._source.object_names:
                    stream.write(json.dumps(_pose_line(frame_id, name, self._heard(stamp_ns)), allow_nan=False) + "\n")
        picture = self._sheet()
        if picture is not None:
            with replacing(folder / SHEET_FILE) as unfinished:
                cv2.imwrite(str(unfinished), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))

    def line(self) -> str:
        """Say in one line: frames, registrations, errors where truth is known, and latency."""
        figures = self.summary
        words = [_count(figures.frames, "frame"), _count(figures.registrations, "registration")]
        words.append(f"{_count(figures.poses, 'pose')} published, {figures.poses_in_tf} of them in TF")
        if math.isfinite(figures.median_error_mm):
            degrees = f"{figures.median_error_deg:.1f} degrees"
            words.append(f"median error {figures.median_error_mm:.1f} mm and {degrees} against the true poses")
        if figures.poses_without_truth:
            least, most = figures.scores_without_truth
            unknown = _count(figures.poses_without_truth, "pose")
            words.append(f"{unknown} where no true pose is known, with scores from {least:.2f} to {most:.2f}")
        if math.isfinite(figures.median_latency_ms):
            words.append(f"median latency {figures.median_latency_ms:.0f} ms")
        return ", ".join(words)

    def _sheet(self) -> np.ndarray | None:
        """Frames evenly spread over those that were played."""
        stamps_ns = list(self.frame_ids)
        if not stamps_ns:
            return None
        chosen = np.unique(np.linspace(0, len(stamps_ns) - 1, SHEET_FRAMES).round().astype(int))
        pictures, captions = [], []
        for index in chosen:
            stamp_ns = stamps_ns[index]
            pictures.append(self._picture(stamp_ns))
            captions.append(f"frame {self.frame_ids[stamp_ns]}   {self._caption(stamp_ns)}")
        return contact_sheet(pictures, SHEET_COLUMNS, captions, CELL_WIDTH_PX)

    def _picture(self, stamp_ns: int) -> np.ndarray:
        frame = self._source.sequence.frame(self.frame_ids[stamp_ns])
        poses = [
            OverlayPose(self._source.sequence.model(name), pose.T_cam_obj, name, PALETTE[index % len(PALETTE)])
            for index, name in enumerate(self._source.object_names)
            if (pose := self._heard(stamp_ns).poses.get(name)) is not None
        ]
        return draw_overlay(frame.rgb, frame.camera, poses, renderers=self._renderers)

    def _caption(self, stamp_ns: int) -> str:
        heard = self._heard(stamp_ns)
        if not heard.poses:
            return ", ".join(sorted({state.lower() for state in heard.states.values()})) or "no answer"
        return "   ".join(f"{name} {_quality(pose)}" for name, pose in heard.poses.items())

    def _heard(self, stamp_ns: int) -> PlayedFrame:
        return self._collector.frames.get(stamp_ns) or PlayedFrame(stamp_ns, {})


def _pose_line(frame_id: str, name: str, heard: PlayedFrame) -> dict[str, Any]:
    """One line as `foundation-pose track` writes it, time_s being the latency, and the errors where truth is known."""
    line: dict[str, Any] = {
        "frame": frame_id,
        "object": name,
        "T_cam_obj": None,
        "score": 0.0,
        "state": heard.states.get(name, "SEARCHING"),
        "time_s": None if heard.latency_s is None else round(heard.latency_s, 4),
        "stamp_ns": heard.stamp_ns,
    }
    pose = heard.poses.get(name)
    if pose is None:
        line |= {"reason": "no_pose" if heard.answered else "not_answered"}
        return line
    line["T_cam_obj"] = [[round(float(value), 7) for value in row] for row in pose.T_cam_obj]
    line["score"] = round(float(pose.score), 4)
    if math.isfinite(pose.error_m):
        line |= {"error_mm": round(1000 * pose.error_m, 3), "error_deg": round(pose.error_deg, 3)}
    return line


def _quality(pose: PublishedPose) -> str:
    if math.isfinite(pose.error_m):
        return f"{1000 * pose.error_m:.1f} mm {pose.error_deg:.1f}°"
    return f"score {pose.score:.2f}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
