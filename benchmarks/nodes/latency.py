"""`python -m benchmarks.nodes.latency`: how fast pose_node answers a camera, and what each stage of it costs.

A camera's driver at 30 Hz, pose_node and a listener, each in a process of its own, over real DDS. In each round every
case is measured once, with --before also by another checkout in turn, and so is a node that hears the same images and
does nothing: less than that nobody takes. Writes benchmarks/results/node_latency.json and its tables.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
import yaml
from rich.console import Console

from benchmarks.nodes.stages import PERIOD_S, STAGES
from benchmarks.reporting import node_tables
from benchmarks.reporting.documents import publish
from benchmarks.reporting.parts import Part
from benchmarks.reporting.results import ROOT
from foundation_pose_ros.nodes.replay.source import ReplaySource, mesh_files
from foundation_pose_ros.runtime.provenance import provenance
from foundation_pose_ros.streams.time_synchronizer import stamp_to_ns
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings

OBJECTS = ("mug", "cracker_box", "soda_can")
RATE_HZ, FRAMES = 30.0, 40
# On a busy machine a node takes minutes to start, and helper processes some seconds.
START_TIMEOUT_S, SETTLE_S = 300.0, 15.0


@dataclass(frozen=True)
class Case:
    """Images of a size, and how many objects are tracked in them."""

    width: int
    height: int
    objects: int

    @property
    def size(self) -> str:
        return f"{self.width}x{self.height}"


CASES = tuple(Case(*size, objects) for size in ((640, 480), (1280, 720)) for objects in (1, 3))


def main(
    rounds: Annotated[int, typer.Option(help="How often everything is measured.")] = 2,
    seconds: Annotated[float, typer.Option(help="How long each time, once all objects are tracked.")] = 10.0,
    before: Annotated[Path | None, typer.Option(help="Another checkout, measured in turn.")] = None,
    only: Annotated[str, typer.Option(help="Images of this size alone, as 640x480.")] = "",
    output: Annotated[Path | None, typer.Option(help="The JSON file; without it the part's own.")] = None,
) -> None:
    """Measure, and write JSON and tables."""
    command = "python -m benchmarks.nodes.latency" + " --before CHECKOUT" * (before is not None)
    report = measure(rounds, seconds, before, only) | {"command": f"{command} --rounds {rounds}"}
    publish(PART, report, output)
    print(PART.markdown(report))


def measure(rounds: int, seconds: float = 10.0, before: Path | None = None, only: str = "") -> dict[str, Any]:
    """Latency, rate and processor time of each case; load: of the machine, where others worked on it too.

    only: the size of the images of the cases that are measured, as 640x480; empty: all.
    """
    trees = {"now": ROOT} if before is None else {"before": before.resolve(), "now": ROOT}
    rows: dict[tuple[str, Case], list[_Heard]] = {}
    bare_ms: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        streams = {case: _write_stream(case, Path(folder)) for case in CASES if only in ("", case.size)}
        for _ in range(rounds):
            for case, stream in streams.items():
                for name, tree in trees.items():
                    heard = _measured(stream, tree, seconds)
                    rows.setdefault((name, case), []).append(heard)
                    Console(stderr=True).print(f"{name}, {case}: {heard.figures()}")
                if case.objects == 1:
                    bare_ms.setdefault(case.size, []).append(_bare_ms(stream, seconds))
    return provenance({"rounds": rounds, "seconds": seconds, "rate_hz": RATE_HZ}) | {
        "load": os.getloadavg()[2],
        "bare_ms": {size: round(float(np.median(taken)), 2) for size, taken in bare_ms.items()},
        "cases": [
            {"tree": name, "size": case.size, "objects": case.objects} | _joined(all_heard)
            for (name, case), all_heard in rows.items()
        ],
    }


@dataclass(frozen=True)
class _Heard:
    """One measurement: latencies of answers, poses, and processor time of pose_node, all and by stage."""

    seconds: float
    latencies_s: list[float]
    poses: int
    processor_s: float
    stages_s: dict[str, float]

    def figures(self) -> dict[str, float]:
        return {
            "poses_per_s": self.poses / self.seconds,
            "median_ms": 1000 * float(np.median(self.latencies_s)) if self.latencies_s else 0.0,
            "processor_ms": 1000 * self.processor_s / (RATE_HZ * self.seconds),
        }


@dataclass(frozen=True)
class _Stream:
    """Files of one case: frames, and pose_node's parameters."""

    frames: Path
    parameters: Path
    objects: int


def _write_stream(case: Case, folder: Path) -> _Stream:
    names = OBJECTS[: case.objects]
    scene = make_scene(
        SceneSettings(
            seed=3, frames=FRAMES, objects=names, clutter=3, width=case.width, height=case.height, supersample=1
        )
    )
    frames = [scene.frame(frame_id) for frame_id in scene.frame_ids]
    labels = np.zeros((FRAMES, case.height, case.width), np.uint16)
    for k, frame_id in enumerate(scene.frame_ids):
        for label, name in enumerate(names, start=1):
            mask = scene.mask(frame_id, name)
            if mask is not None:
                labels[k][mask] = label
    camera = frames[0].camera
    stem = folder / f"{case.width}_{case.objects}"
    np.savez(
        stem.with_suffix(".npz"),
        rgb=np.stack([frame.rgb for frame in frames]),
        depth_m=np.stack([frame.depth_m for frame in frames]),
        labels=labels,
        camera=np.array([camera.fx, camera.fy, camera.cx, camera.cy, camera.width, camera.height]),
    )
    meshes = mesh_files(ReplaySource(scene, names), 3, folder)
    parameters: dict[str, Any] = {"objects": list(names)}
    parameters |= {name: {"mesh": str(mesh.path), "unit": mesh.unit} for name, mesh in meshes.items()}
    stem.with_suffix(".yaml").write_text(yaml.safe_dump({"/**": {"ros__parameters": parameters}}))
    return _Stream(stem.with_suffix(".npz"), stem.with_suffix(".yaml"), case.objects)


def _measured(stream: _Stream, tree: Path, seconds: float) -> _Heard:
    # ROS is imported where it is used, so that the parts of the benchmarks can be listed without it.
    from foundation_pose_ros.nodes.demo.child_process import child_process

    with _own_domain() as (domain_id, environment), tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "stages.json"
        of_tree = environment | {"PYTHONPATH": os.pathsep.join([str(tree), *sys.path])}
        node_arguments = [str(report), "--ros-args", "--params-file", str(stream.parameters)]
        with (
            child_process("benchmarks.nodes.stages", node_arguments, of_tree, tree, quiet=True) as node,
            child_process("benchmarks.nodes.camera", [str(stream.frames), str(RATE_HZ)], environment, ROOT, quiet=True),
        ):
            return _listen(stream, domain_id, node.pid, report, seconds)


def _bare_ms(stream: _Stream, seconds: float) -> float:
    """Processor time by image of a node that only hears them."""
    from foundation_pose_ros.nodes.demo.child_process import child_process

    with (
        _own_domain() as (_, environment),
        child_process("benchmarks.nodes.bare_listener", [], environment, ROOT, quiet=True) as node,
        child_process("benchmarks.nodes.camera", [str(stream.frames), str(RATE_HZ)], environment, ROOT, quiet=True),
    ):
        time.sleep(SETTLE_S)
        (before_s, _), start_s = processor_s(node.pid), time.monotonic()
        time.sleep(seconds)
        (after_s, _), took_s = processor_s(node.pid), time.monotonic() - start_s
    return 1000 * (after_s - before_s) / (RATE_HZ * took_s)


@contextmanager
def _own_domain() -> Iterator[tuple[int, dict[str, str]]]:
    """A domain of ROS that nobody else uses, and the environment of processes in it."""
    from foundation_pose_ros.nodes.demo.run import own_domain_id

    with own_domain_id() as domain_id:
        yield (
            domain_id,
            os.environ
            | {
                "ROS_DOMAIN_ID": str(domain_id),
                "FASTDDS_DEFAULT_PROFILES_FILE": str(ROOT / "config" / "fastdds.xml"),
            },
        )


def _listen(stream: _Stream, domain_id: int, pid: int, report: Path, seconds: float) -> _Heard:
    """Wait until all objects are tracked, let things settle, and count."""
    import rclpy
    from foundation_perception.msg import TrackedObject, TrackedObjectArray
    from rclpy.context import Context
    from rclpy.qos import QoSProfile

    from foundation_pose_ros.nodes.listener import Listener

    answers: list[tuple[float, int]] = []

    def on_objects(message: TrackedObjectArray) -> None:
        latency_s = (time.time_ns() - stamp_to_ns(message.header.stamp)) * 1e-9
        answers.append((latency_s, sum(o.state == TrackedObject.TRACKING and o.score > 0 for o in message.objects)))

    def failed(what: str, error: Exception) -> None:
        raise error

    context = Context()
    rclpy.init(context=context, domain_id=domain_id)
    node = rclpy.create_node("ear", context=context)
    listener = Listener(node, "ear", failed)
    listener.subscribe(TrackedObjectArray, "/pose_node/objects", on_objects, QoSProfile(depth=100))
    listener.start()
    try:
        deadline_s = time.monotonic() + START_TIMEOUT_S
        while not (answers and answers[-1][1] == stream.objects):
            if time.monotonic() > deadline_s:
                raise RuntimeError(f"no {stream.objects} tracked objects within {START_TIMEOUT_S:.0f} s")
            time.sleep(0.1)
        time.sleep(SETTLE_S)
        before, stages_s, start_s = processor_s(pid), json.loads(report.read_text()), time.monotonic()
        answers.clear()
        time.sleep(seconds)
        heard, took_s = list(answers), time.monotonic() - start_s
        own_s, helpers_s = (now - then for now, then in zip(processor_s(pid), before, strict=True))
        time.sleep(PERIOD_S)
        after_s = json.loads(report.read_text())
    finally:
        listener.close()
        node.destroy_node()
        rclpy.shutdown(context=context)
    by_stage = {stage: after_s.get(stage, 0.0) - stages_s.get(stage, 0.0) for stage in STAGES} | {"helpers": helpers_s}
    poses = sum(tracked == stream.objects for _, tracked in heard)
    return _Heard(took_s, [latency_s for latency_s, _ in heard], poses, own_s + helpers_s, by_stage)


def processor_s(pid: int) -> tuple[float, float]:
    """Processor time of a process, and of those that it started, which follow some of the objects."""
    own = helpers = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        ticks = int(fields[11]) + int(fields[12])
        own += ticks if int(stat.parent.name) == pid else 0
        helpers += ticks if int(fields[1]) == pid else 0
    return own / os.sysconf("SC_CLK_TCK"), helpers / os.sysconf("SC_CLK_TCK")


def _joined(all_heard: list[_Heard]) -> dict[str, Any]:
    """Figures over all rounds; spread: lowest and highest round."""
    latencies_ms = 1000 * np.concatenate([heard.latencies_s for heard in all_heard])
    frames = [RATE_HZ * heard.seconds for heard in all_heard]
    each = [heard.figures() for heard in all_heard]
    processor_s = sum(heard.processor_s for heard in all_heard)
    stages_ms = {
        stage: 1000 * sum(heard.stages_s[stage] for heard in all_heard) / sum(frames) for stage in all_heard[0].stages_s
    }
    processor_ms = 1000 * processor_s / sum(frames)
    return {
        "n": len(latencies_ms),
        "poses_per_s": round(float(np.mean([row["poses_per_s"] for row in each])), 2),
        "latency_ms": {
            "median": round(float(np.median(latencies_ms)), 2),
            "p99": round(float(np.quantile(latencies_ms, 0.99)), 2),
            "spread": [round(f([row["median_ms"] for row in each]), 2) for f in (min, max)],
        },
        "processor_ms": round(processor_ms, 2),
        "processor_share": round(processor_s / sum(heard.seconds for heard in all_heard), 3),
        "stages_ms": {stage: round(value, 2) for stage, value in stages_ms.items()}
        | {"rest": round(processor_ms - sum(stages_ms.values()), 2)},
    }


PART = Part(
    name="node_latency",
    about="how fast pose_node answers a camera, and what each stage costs",
    result="node_latency.json",
    tables={"node_latency": node_tables.latency, "node_stages": node_tables.stages},
    measure=lambda scope: measure(1, 2.0) if scope.quick else measure(2),
)


if __name__ == "__main__":
    typer.run(main)
