"""`python -m benchmarks.nodes.stages REPORT [ROS ARGUMENTS]`: pose_node with a clock on each of its stages.

Clocks count processor time of their own thread, without that of the stages inside. REPORT is a JSON file that is
written anew twice a second: seconds by stage since the start.
"""

import argparse
import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any

from foundation_pose_ros.atomic_file import write_text

# Method by stage. What isn't in one is the executor's, the middleware's threads', and the interpreter's.
STAGES = {
    "receive": "foundation_pose_ros.nodes.listener:Listener._hear",
    "match": "foundation_pose_ros.streams.rgbd_input:InputGuardian._image",
    "convert": "foundation_pose_ros.streams.rgbd_input:InputGuardian._frame",
    "track": "foundation_pose_ros.tracking.multi_object:MultiObjectTracker.track",
    "publish": "foundation_pose_ros.nodes.pose.results_publisher:ResultsPublisher.publish",
}
PERIOD_S = 0.5

_spent_s: Counter[str] = Counter()
_inside = threading.local()


def main(argv: list[str] | None = None) -> None:
    """Run the node until it is told to stop."""
    about = "Run pose_node with a clock on each of its stages."
    parser = argparse.ArgumentParser(prog="python -m benchmarks.nodes.stages", description=about)
    parser.add_argument("report", type=Path, help="the JSON file")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="ROS arguments, passed on to the node")
    given = parser.parse_args(argv)
    for stage, path in STAGES.items():
        module, _, method = path.partition(":")
        holder, _, name = method.partition(".")
        owner = getattr(import_module(module), holder)
        # A static method is wrapped as one: it must not be given an instance.
        found = owner.__dict__[name]
        clocked = _clocked(stage, getattr(owner, name))
        setattr(owner, name, staticmethod(clocked) if isinstance(found, staticmethod) else clocked)
    threading.Thread(target=_report, args=(given.report,), daemon=True).start()
    import_module("foundation_pose_ros.nodes.pose_node").main(["pose_node", *given.arguments])


def _clocked(stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def clocked(*arguments: Any, **named: Any) -> Any:
        before_s, start_s = getattr(_inside, "s", 0.0), time.thread_time()
        _inside.s = 0.0
        try:
            return function(*arguments, **named)
        finally:
            took_s = time.thread_time() - start_s
            _spent_s[stage] += took_s - _inside.s
            _inside.s = before_s + took_s

    return clocked


def _report(path: Path) -> None:
    while True:
        write_text(path, json.dumps(dict(_spent_s)))
        time.sleep(PERIOD_S)


if __name__ == "__main__":
    main()
