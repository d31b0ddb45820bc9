"""Prints where an object is, ten times, as soon as pose_node knows.

python examples/wait_for_pose.py mug
"""

import sys

from foundation_perception.client import NotFound, PoseClient


def main(arguments: list[str], **client_arguments: object) -> None:
    """Ask for a pose that is no older than half a second."""
    with PoseClient(**client_arguments) as client:  # type: ignore[arg-type]
        for _ in range(10):
            try:
                pose = client.wait_for_pose(arguments[0], max_age_s=0.5, timeout_s=5.0)
            except NotFound as refused:
                print(refused)
                continue
            x, y, z = pose.position_m
            print(f"{pose.name} at ({x:.3f}, {y:.3f}, {z:.3f}) m in {pose.frame_id}, score {pose.score:.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
