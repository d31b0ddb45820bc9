"""`python -m benchmarks.nodes.ros_parts`: our own small parts beside those of ROS that do the same, where they are.

Each is measured alone, in one thread, on messages in memory; ROS's parts need to be importable: cv_bridge,
tf_transformations, tf2_ros, message_filters. Writes benchmarks/results/ros_parts.json and its table.
"""

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from geometry_msgs.msg import TransformStamped
from rclpy.duration import Duration
from rclpy.time import Time
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from benchmarks.reporting.documents import publish
from benchmarks.reporting.parts import Part
from benchmarks.reporting.results import origin
from foundation_pose_ros import se3
from foundation_pose_ros.nodes.cv_bridge_converter import CvBridgeConverter
from foundation_pose_ros.nodes.pose.messages import to_pose, to_stamp, to_transform
from foundation_pose_ros.runtime.provenance import provenance
from foundation_pose_ros.streams.image_converter import ImageConverter, OwnConverter
from foundation_pose_ros.streams.image_messages import PIXELS, fill_image
from foundation_pose_ros.streams.time_synchronizer import StampMatcher
from foundation_pose_ros.streams.transform_buffer import TransformBuffer

_ROUNDS, _FRAME_NS = 200, 33_333_333
Row = dict[str, Any]


def main(output: Annotated[Path | None, typer.Option(help="The JSON file; without it the part's own.")] = None) -> None:
    """Measure what is there, and write JSON and table."""
    rows = [*images(), *quaternions(), *transforms(), *matching()]
    report = provenance({"rounds": _ROUNDS}) | {
        "command": "python -m benchmarks.nodes.ros_parts",
        "load": os.getloadavg()[2],
        "rows": rows,
    }
    publish(PART, report, output)
    print(PART.markdown(report))


def images() -> list[Row]:
    """Convert images of 640x480."""
    own = OwnConverter()
    bridge = CvBridgeConverter(import_module("cv_bridge").CvBridge()) if find_spec("cv_bridge") else None
    rows = []
    for encoding, convert in (("rgb8", _colour), ("bgr8", _colour), ("16UC1", _depth), ("32FC1", _depth)):
        kind, channels = PIXELS[encoding]
        pixels = np.ones((480, 640) if channels == 1 else (480, 640, channels), kind)
        message = fill_image(Image(), pixels, encoding)
        theirs = None if bridge is None else _median_us(lambda: convert(bridge, message))  # noqa: B023
        ours = _median_us(lambda: convert(own, message))  # noqa: B023
        rows.append(_row(f"{encoding} to an array, 640x480", "cv_bridge", theirs, ours))
    return rows


def quaternions() -> list[Row]:
    """Convert one rotation there and back."""
    T = se3.from_quaternion_xyzw(np.array([0.1, 0.2, 0.3, 0.9]) / np.linalg.norm([0.1, 0.2, 0.3, 0.9]), np.zeros(3))
    q = se3.to_quaternion_xyzw(T)
    there = back = None
    if find_spec("tf_transformations"):
        theirs = import_module("tf_transformations")
        there = _median_us(lambda: theirs.quaternion_from_matrix(T))
        back = _median_us(lambda: theirs.quaternion_matrix(q))
    return [
        _row("matrix to quaternion", "tf_transformations", there, _median_us(lambda: se3.to_quaternion_xyzw(T))),
        _row(
            "quaternion to matrix",
            "tf_transformations",
            back,
            _median_us(lambda: se3.from_quaternion_xyzw(q, np.zeros(3))),
        ),
    ]


def transforms() -> list[Row]:
    """Take 300 transforms of a moving link and look up between two of them; wait for one that comes."""
    own = TransformBuffer()
    messages = [_link(k * _FRAME_NS) for k in range(300)]
    stamp_ns = 250 * _FRAME_NS + 12_345
    ours_add = _median_us(lambda: own.add_message(_Bundle(messages)), rounds=5) / len(messages)
    ours_look = _median_us(lambda: own.lookup("base", "camera", stamp_ns))
    add = look = late = None
    if find_spec("tf2_ros"):
        buffer = import_module("tf2_ros").Buffer()
        add = _median_us(lambda: [buffer.set_transform(m, "") for m in messages], rounds=5) / len(messages)
        at = Time(nanoseconds=stamp_ns)
        look = _median_us(lambda: buffer.lookup_transform_core("base", "camera", at))
        late = np.median([_late_us(buffer, messages, k) for k in range(20)])
    return [
        _row("take one transform", "tf2_ros", add, ours_add),
        _row("look one up between two", "tf2_ros", look, ours_look),
        # Ours tells whoever waits as soon as it comes.
        _row("wait for one: so much later than it came", "tf2_ros", None if late is None else float(late), None),
    ]


def matching() -> list[Row]:
    """Match colour and depth of equal stamps; and go on after a callback that fails."""
    headers = [Image(header=Header(stamp=to_stamp(k * _FRAME_NS))) for k in range(1, _ROUNDS + 1)]
    own = StampMatcher(("colour", "depth"), 10_000_000)
    steps = iter(range(_ROUNDS))

    def matched() -> None:
        k = next(steps)
        own.add("colour", (k + 1) * _FRAME_NS, headers[k])
        assert own.add("depth", (k + 1) * _FRAME_NS, headers[k]) is not None

    theirs = survives = None
    if find_spec("message_filters"):
        filters = import_module("message_filters")
        inputs = [filters.SimpleFilter(), filters.SimpleFilter()]
        pairs: list[Any] = []
        synchronizer = filters.ApproximateTimeSynchronizer(inputs, 10, 0.01)
        synchronizer.registerCallback(lambda *pair: pairs.append(pair))
        each = iter(headers)

        def filtered() -> None:
            message = next(each)
            for one in inputs:
                one.signalMessage(message)

        theirs = _median_us(filtered, rounds=_ROUNDS)
        assert len(pairs) == _ROUNDS
        survives = _survives(filters)
    return [
        _row("match a pair of images", "message_filters", theirs, _median_us(matched, rounds=_ROUNDS)),
        {"what": "goes on after a callback that raised", "part": "message_filters", "survives": survives},
    ]


def table(report: dict[str, Any]) -> str:
    """Write what each takes."""
    lines = ["| what | part of ROS | it takes | ours takes |", "|---|---|---|---|"]
    for row in report["rows"]:
        if "survives" in row:
            said = {None: "", True: "yes", False: "no"}[row["survives"]]
            lines.append(f"| {row['what']} | {row['part']} | {said} | yes |")
            continue
        theirs, ours = (_words(row[name]) for name in ("theirs_us", "ours_us"))
        lines.append(f"| {row['what']} | {row['part']} | {theirs} | {ours} |")
    return "\n".join([*lines, "", f"{origin(report)} Load of the machine meanwhile: {report['load']:.1f}."])


class _Bundle:
    """A TFMessage without the cost of making one."""

    def __init__(self, transforms: list[TransformStamped]) -> None:
        self.transforms = transforms


def _link(stamp_ns: int) -> TransformStamped:
    T = np.eye(4, dtype=np.float32)
    T[0, 3] = stamp_ns * 1e-9
    header = Header(stamp=to_stamp(stamp_ns), frame_id="base")
    return TransformStamped(header=header, child_frame_id="camera", transform=to_transform(to_pose(T)))


def _late_us(buffer: Any, messages: list[TransformStamped], k: int) -> float:
    """Time from the coming of a transform to the return of a lookup that waits for it."""
    buffer.clear()
    buffer.set_transform(messages[0], "")
    came: list[float] = []

    def bring() -> None:
        time.sleep(0.05 + 0.0013 * k)
        came.append(time.perf_counter())
        buffer.set_transform(messages[200], "")

    thread = threading.Thread(target=bring)
    thread.start()
    buffer.lookup_transform("base", "camera", Time(nanoseconds=150 * _FRAME_NS), Duration(seconds=1.0))
    returned_s = time.perf_counter()
    thread.join()
    return 1e6 * (returned_s - came[0])


def _survives(filters: Any) -> bool:
    """Whether a synchronizer whose callback raised once takes messages again, within a second."""
    inputs = [filters.SimpleFilter(), filters.SimpleFilter()]
    synchronizer = filters.ApproximateTimeSynchronizer(inputs, 10, 0.01)
    heard: list[int] = []

    def callback(*_: Any) -> None:
        heard.append(1)
        if len(heard) == 1:
            raise RuntimeError("once")

    synchronizer.registerCallback(callback)

    def send(stamp_ns: int) -> None:
        for one in inputs:
            one.signalMessage(Image(header=Header(stamp=to_stamp(stamp_ns))))

    with suppress(RuntimeError):
        send(_FRAME_NS)
    thread = threading.Thread(target=send, args=(2 * _FRAME_NS,), daemon=True)
    thread.start()
    thread.join(1.0)
    return len(heard) == 2


def _colour(converter: ImageConverter, message: Image) -> np.ndarray:
    return converter.to_rgb(message)


def _depth(converter: ImageConverter, message: Image) -> np.ndarray:
    return converter.to_depth_m(message, 0.001)


def _median_us(work: Callable[[], Any], rounds: int = _ROUNDS) -> float:
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return float(1e6 * np.median(taken))


def _row(what: str, part: str, theirs_us: float | None, ours_us: float | None) -> Row:
    return {"what": what, "part": part, "theirs_us": theirs_us, "ours_us": ours_us}


def _words(us: float | None) -> str:
    if us is None:
        return ""
    return f"{us / 1000:.1f} ms" if us >= 1000 else f"{us:.0f} µs"


PART = Part(
    name="ros_parts",
    about="our own small parts beside those of ROS",
    result="ros_parts.json",
    tables={"ros_parts": table},
    in_bench=False,
)


if __name__ == "__main__":
    typer.run(main)
