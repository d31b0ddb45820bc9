"""`python -m benchmarks.run --only live_pictures`: how fast overlay_node shows a camera's images.

A camera's driver at 30 Hz that costs little, overlay_node, and whoever knows the poses and looks at the pictures, each
in a process of its own, over real DDS. Poses are the true ones, since overlay_node is measured alone.
"""

import os
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from benchmarks.nodes.latency import CASES, RATE_HZ, START_TIMEOUT_S, Case, processor_s
from benchmarks.reporting import node_tables
from benchmarks.reporting.parts import Part
from benchmarks.reporting.results import ROOT
from foundation_pose_ros.nodes.replay.source import ReplaySource, mesh_files
from foundation_pose_ros.runtime.provenance import provenance
from foundation_pose_ros.streams.time_synchronizer import stamp_to_ns
from foundation_pose_ros.synthetic.scene import SyntheticScene, make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings

OBJECTS = ("mug", "cracker_box", "soda_can")
SETTLE_S = 3.0


def measure(seconds: float) -> dict[str, Any]:
    """Pictures a second, time from stamp to picture, and processor time of overlay_node by picture, of each case."""
    rows = [{"size": case.size, "objects": case.objects} | _measured(case, seconds) for case in CASES]
    settings = {"seconds": seconds, "rate_hz": RATE_HZ}
    return provenance(settings) | {"load": os.getloadavg()[2], "rows": rows}


def _measured(case: Case, seconds: float) -> dict[str, float]:
    # ROS is imported where it is used, so that the parts of the benchmarks can be listed without it.
    from foundation_pose_ros.nodes.demo.child_process import child_process
    from foundation_pose_ros.nodes.demo.run import own_domain_id

    names = OBJECTS[: case.objects]
    scene = make_scene(
        SceneSettings(seed=3, frames=1, objects=names, clutter=3, width=case.width, height=case.height, supersample=1)
    )
    with own_domain_id() as domain_id, tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {
            "ROS_DOMAIN_ID": str(domain_id),
            "FASTDDS_DEFAULT_PROFILES_FILE": str(ROOT / "config" / "fastdds.xml"),
        }
        images, parameters = _written(scene, names, Path(folder))
        arguments = ["--ros-args", "--params-file", str(parameters)]
        with (
            child_process("foundation_pose_ros.nodes.overlay_node", arguments, environment, ROOT, quiet=True) as node,
            child_process("benchmarks.nodes.camera", [str(images), str(RATE_HZ)], environment, ROOT, quiet=True),
        ):
            return _looked_at(scene, names, domain_id, node.pid, seconds)


def _written(scene: SyntheticScene, names: tuple[str, ...], folder: Path) -> tuple[Path, Path]:
    """The camera's image, sent again and again, and overlay_node's parameters."""
    frame = scene.frame(scene.frame_ids[0])
    camera, images = frame.camera, folder / "frames.npz"
    np.savez(
        images,
        rgb=frame.rgb[None],
        depth_m=frame.depth_m[None],
        labels=np.zeros((1, camera.height, camera.width), np.uint16),
        camera=np.array([camera.fx, camera.fy, camera.cx, camera.cy, camera.width, camera.height]),
    )
    meshes = mesh_files(ReplaySource(scene, names), 3, folder)
    given: dict[str, Any] = {"objects": list(names), "surface": "textured"}
    given |= {name: {"mesh": str(mesh.path), "unit": mesh.unit} for name, mesh in meshes.items()}
    parameters = folder / "overlay_node.yaml"
    parameters.write_text(yaml.safe_dump({"/**": {"ros__parameters": given}}))
    return images, parameters


def _looked_at(
    scene: SyntheticScene, names: tuple[str, ...], domain_id: int, pid: int, seconds: float
) -> dict[str, float]:
    """Tell the poses of each image, and look at the pictures."""
    import rclpy
    from foundation_perception.msg import TrackedObject, TrackedObjectArray
    from rclpy.context import Context
    from rclpy.qos import QoSProfile
    from sensor_msgs.msg import CameraInfo, Image

    from foundation_pose_ros.nodes.listener import Listener
    from foundation_pose_ros.nodes.pose.messages import to_pose

    context = Context()
    rclpy.init(context=context, domain_id=domain_id)
    node = rclpy.create_node("looker", context=context)
    objects = node.create_publisher(TrackedObjectArray, "objects", 10)
    taken_s: list[float] = []
    first = threading.Event()

    def on_camera_info(info: CameraInfo) -> None:
        tracked = [TrackedObject(header=info.header, id=n, class_id=n, score=0.97) for n in names]
        for one in tracked:
            one.state = TrackedObject.TRACKING
            one.pose.pose = to_pose(scene.truth(scene.frame_ids[0], one.id))
        objects.publish(TrackedObjectArray(header=info.header, objects=tracked))

    def on_picture(picture: Image) -> None:
        taken_s.append((time.time_ns() - stamp_to_ns(picture.header.stamp)) * 1e-9)
        first.set()

    def failed(what: str, error: Exception) -> None:
        raise error

    # Poses and pictures don't wait for each other.
    poses, pictures = (Listener(node, name, failed) for name in ("poses", "pictures"))
    poses.subscribe(CameraInfo, "rgb/camera_info", on_camera_info, QoSProfile(depth=5))
    poses.subscribe(Image, "masks", lambda _: None, QoSProfile(depth=1))  # the camera waits for someone
    pictures.subscribe(Image, "/overlay_node/image", on_picture, QoSProfile(depth=5))
    for listener in (poses, pictures):
        listener.start()
    try:
        if not first.wait(START_TIMEOUT_S):
            raise RuntimeError(f"no picture of overlay_node within {START_TIMEOUT_S:.0f} s")
        time.sleep(SETTLE_S)
        used_s, start_s = processor_s(pid)[0], time.monotonic()
        taken_s.clear()
        time.sleep(seconds)
        passed_s, took_s, used_s = list(taken_s), time.monotonic() - start_s, processor_s(pid)[0] - used_s
    finally:
        for listener in (poses, pictures):
            listener.close()
        node.destroy_node()
        rclpy.shutdown(context=context)
    return {
        "pictures_per_s": round(len(passed_s) / took_s, 1),
        "median_ms": round(1e3 * float(np.median(passed_s)), 1),
        "p99_ms": round(1e3 * float(np.quantile(passed_s, 0.99)), 1),
        "processor_ms": round(1e3 * used_s / len(passed_s), 1),
        "n": len(passed_s),
    }


PART = Part(
    name="live_pictures",
    about="how fast overlay_node shows a camera's images",
    result="live_pictures.json",
    tables={"live_pictures": node_tables.live_pictures},
    measure=lambda scope: measure(2.0 if scope.quick else 20.0),
)
