"""`python docs/video_defects.py`: draws what video gets wrong, each by itself, as docs/images/video_defects.jpg."""

from pathlib import Path

import cv2
import numpy as np

from foundation_pose_ros.frame import Frame
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from foundation_pose_ros.synthetic.trajectory import Motion
from foundation_pose_ros.synthetic.video_defects import NO_DEFECTS, VideoDefects

PICTURE = Path(__file__).parent / "images" / "video_defects.jpg"
# What is shown of a frame: rows and columns around the lifted mug.
SHOWN = np.s_[40:290, 200:500]
FRAME_ID = "000020"
DEFECTS = {
    "as it is": NO_DEFECTS,
    "exposure_s=0.033": VideoDefects(exposure_s=0.033),
    "step_stops=1, step_warmth=0.2": VideoDefects(step_stops=1.0, step_warmth=0.2, step_period_s=0.3, seed=4),
    "gain_stops=4": VideoDefects(gain_stops=4.0),
    "jpeg_quality=20": VideoDefects(jpeg_quality=20),
}
DEPTH_DEFECTS = {
    "depth as it is": NO_DEFECTS,
    "depth_late_s=0.04": VideoDefects(depth_late_s=0.04),
    "motion_holes=0.05": VideoDefects(motion_holes=0.05),
}


def colour(frame: Frame) -> np.ndarray:
    """Return its colours (h, w, 3) uint8."""
    return frame.rgb[SHOWN]


def depth(frame: Frame) -> np.ndarray:
    """Return its depth as greys (h, w, 3) uint8, with colour faintly behind it, by which the two can be compared."""
    near_m, far_m = 0.4, 1.2
    grey = 255 * np.clip((far_m - frame.depth_m) / (far_m - near_m), 0, 1)
    grey = np.where(frame.depth_m > 0, 40 + 0.84 * grey, 0)[SHOWN]
    outline = cv2.Canny(frame.rgb[SHOWN], 60, 180) > 0
    shown = np.repeat(grey[..., None], 3, axis=2).astype(np.uint8)
    shown[outline] = (255, 150, 40)
    return shown


def main() -> None:
    """Draw the picture."""
    scene = make_scene(
        SceneSettings(seed=3, frames=30, objects=["mug"], clutter=4, moving_object=True, motion=Motion(0.5, 90.0))
    )
    tiles = [labelled(colour(scene.with_video(video).frame(FRAME_ID)), text) for text, video in DEFECTS.items()]
    tiles += [labelled(depth(scene.with_video(video).frame(FRAME_ID)), text) for text, video in DEPTH_DEFECTS.items()]
    rows = [np.concatenate(tiles[k : k + 4], axis=1) for k in range(0, len(tiles), 4)]
    PICTURE.parent.mkdir(exist_ok=True)
    cv2.imwrite(str(PICTURE), np.concatenate(rows)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])


def labelled(tile: np.ndarray, text: str) -> np.ndarray:
    """Return a tile with a line of text above it."""
    head = np.full((22, tile.shape[1], 3), 255, np.uint8)
    cv2.putText(head, text, (4, 15), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (40, 40, 40), 1, cv2.LINE_AA)
    return np.pad(np.concatenate([head, tile]), ((0, 0), (0, 4), (0, 0)), constant_values=255)


if __name__ == "__main__":
    main()
