"""Follows an object through a recording, and looks for it when it is lost.

    python examples/track.py [SEQUENCE OBJECT]

Without arguments a scene is made up in which a hand lifts and turns a cracker box.
"""

import sys
from collections.abc import Iterator

from foundation_pose_ros import PoseEstimator
from foundation_pose_ros.datasets.open_sequence import open_sequence
from foundation_pose_ros.datasets.sequence import Sequence
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from foundation_pose_ros.tracking import ObjectTracker, TrackedObject


def track(recording: Sequence, name: str) -> Iterator[tuple[str, TrackedObject]]:
    """Yield each frame's name and what is known of the object then; masks are read only while one is wanted."""
    tracker = ObjectTracker(name, recording.model(name).name, PoseEstimator([recording.model(name)]))
    for frame_id in recording.frame_ids:
        frame = recording.frame(frame_id)
        mask = recording.mask(frame_id, name) if tracker.wants_mask(frame.stamp_ns) else None
        yield frame_id, tracker.track(frame) if mask is None else tracker.register(frame, mask)


def main(arguments: list[str]) -> list[tuple[str, TrackedObject]]:
    """Track, and print a line a frame."""
    if arguments:
        folder, name = arguments
        recording: Sequence = open_sequence(folder)
    else:
        name = "cracker_box"
        recording = make_scene(SceneSettings(frames=10, objects=[name], moving_object=True))
    followed = []
    for frame_id, tracked in track(recording, name):
        followed.append((frame_id, tracked))
        where = "" if tracked.result is None else f"{tracked.result.centre_m.round(4)} m, {tracked.result.score:.2f}"
        print(frame_id, tracked.state.name, where, tracked.reason)
    return followed


if __name__ == "__main__":
    main(sys.argv[1:])
