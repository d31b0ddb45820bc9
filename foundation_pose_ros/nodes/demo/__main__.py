"""`python -m foundation_pose_ros.nodes.demo`, as `make demo` runs it: poses, pictures and a line of figures."""

import argparse
import os
import sys
from pathlib import Path

from ...errors import InputRefused
from ..replay.source import SYNTHETIC
from .run import SCENE_FRAMES, SCENE_OBJECTS, SCENE_SEED, DemoFailed, make_room_for_images, run


def main(argv: list[str] | None = None) -> int:
    """Play, write what was published, and say so in one line; 0 where there was at least one pose."""
    arguments = _arguments(argv)
    os.environ.setdefault("RCUTILS_CONSOLE_OUTPUT_FORMAT", "{name}: {message}")
    make_room_for_images()
    try:
        record = run(arguments.sequence, arguments.object, arguments.frames, arguments.seed, arguments.output)
        record.write(arguments.output)
    except (InputRefused, DemoFailed, OSError) as failure:
        print(f"demo: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(f"demo: {record.line()}; pictures and poses are in {arguments.output}/")
    return 0 if record.summary.poses else 1


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    made_up = f"a made-up scene with {', '.join(SCENE_OBJECTS)}"
    parser = argparse.ArgumentParser(prog="make demo", description="Poses of objects, through ROS 2 and back.")
    parser.add_argument("--sequence", default=SYNTHETIC, help=f"sequence folder or BOP scene; without it: {made_up}")
    parser.add_argument(
        "--object", action="append", default=[], help="object to track; again for more; without it: all"
    )
    parser.add_argument("--frames", type=int, help=f"how many; without it: all, {SCENE_FRAMES} of a made-up scene")
    parser.add_argument("--seed", type=int, default=SCENE_SEED, help="of the made-up scene")
    parser.add_argument("--output", type=Path, default=Path("demo"), help="folder that pictures and poses go to")
    arguments = parser.parse_args(argv)
    if arguments.frames is not None and arguments.frames < 1:
        parser.error(f"--frames {arguments.frames}: give at least 1")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
