"""An object that pose_node never heard of is turned before its camera, becomes a model, and its pose is published."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

rclpy = pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")
pytest.importorskip("foundation_perception", reason="foundation_perception isn't built here: source its workspace")

from foundation_perception.msg import OnboardingStatus, TrackedObject
from foundation_perception.srv import StartOnboarding, StopOnboarding
from geometry_msgs.msg import TransformStamped
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage

from foundation_pose_ros import Camera, ObjectModel, se3
from foundation_pose_ros.nodes.pose.messages import from_pose, to_pose, to_transform
from foundation_pose_ros.reconstruction.reference_view import ReferenceView
from foundation_pose_ros.streams.time_synchronizer import stamp_to_ns
from foundation_pose_ros.synthetic.meshes import make_mesh
from foundation_pose_ros.synthetic.reference_views import StudioSettings, render_views, turn_poses

CAMERA = Camera(400.0, 400.0, 209.5, 159.5, 420, 320)
# Views that are shown, eight degrees and most of a second apart, and after them those in which it is looked for.
SHOWN, LOOKED_AT, MORE = 9, 3, 7
STEP_NS = 800_000_000
STATUS = "/pose_node/onboard_object/status"


@pytest.fixture(scope="module")
def carton() -> ObjectModel:
    return ObjectModel.from_mesh(make_mesh("cracker_box", 0), name="carton")


@pytest.fixture(scope="module")
def views(carton: ObjectModel) -> tuple[ReferenceView, ...]:
    count = SHOWN + LOOKED_AT + MORE
    poses = turn_poses(carton, count, turn_deg=8.0 * count)
    return render_views(carton, poses, settings=StudioSettings(camera=CAMERA, light_turns=True))


@pytest.fixture
def bench(start: Callable[[dict[str, Any]], Any], tmp_path: Path) -> Any:
    """A pose_node without an object, and a user who onboards."""
    bench = start(
        {
            "onboarding_directory": str(tmp_path),
            "onboarding_voxels": 80_000,
            "onboarding_texture": 0,
            "retry_first_s": 0.0,
            "grow_models": True,
        }
    )
    keep = QoSProfile(depth=50, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    bench.user.create_subscription(OnboardingStatus, STATUS, bench.heard[STATUS].append, keep)
    for name, kind in (("start", StartOnboarding), ("stop", StopOnboarding)):
        client = bench.user.create_client(kind, f"/pose_node/onboard_object/{name}")
        bench._clients[f"onboard_object/{name}"] = (client, kind)
    bench.ready()
    return bench


def show(bench: Any, views: tuple[ReferenceView, ...]) -> None:
    """Send views with their masks, and wait until each is kept."""
    for kept, view in enumerate(views, start=1):
        bench.send(view.frame, view.mask, step_ns=STEP_NS)
        bench.wait(
            lambda kept=kept: bench.heard[STATUS] and bench.heard[STATUS][-1].views >= kept, f"view {kept} to be kept"
        )


def built(bench: Any) -> Any:
    """The status with which the building ended."""
    ends = (OnboardingStatus.DONE, OnboardingStatus.FAILED)
    statuses = bench.heard[STATUS]
    while statuses[-1].state not in ends:
        count = len(statuses)
        bench.wait(lambda count=count: len(statuses) > count, f"what follows on {statuses[-1].step or 'stop'}")
    return statuses[-1]


def published_poses(bench: Any, views: tuple[ReferenceView, ...]) -> list[np.ndarray]:
    """T_camera_model of each view: registered in the first from its mask, then tracked."""
    poses = []
    for k, view in enumerate(views):
        stamp_ns = bench.send(view.frame, view.mask if k == 0 else None)
        tracked = bench.object_of(stamp_ns, TrackedObject.TRACKING)
        assert tracked.id == "carton"
        poses.append(from_pose(tracked.pose.pose))
    return poses


def answered(bench: Any) -> set[int]:
    """Stamps of the frames that pose_node has published about."""
    return {stamp_to_ns(message.header.stamp) for message in bench.heard["/pose_node/objects"]}


def worst_mm_deg(found: list[np.ndarray], true: list[np.ndarray], centre_m: np.ndarray) -> tuple[float, float]:
    """Of the motion since the first pose, which no choice of the model's frame changes; at the object's middle."""
    centre = se3.transform_points(true[0], centre_m[None])
    mm, deg = [], []
    for T_found, T_true in zip(found, true, strict=True):
        moved, meant = T_found @ se3.inverse(found[0]), T_true @ se3.inverse(true[0])
        mm.append(1000 * np.linalg.norm(se3.transform_points(moved, centre) - se3.transform_points(meant, centre)))
        deg.append(np.rad2deg(se3.rotation_angle_rad(moved[:3, :3], meant[:3, :3])))
    return max(mm), max(deg)


def test_shown_with_masks_alone_it_is_built_registered_and_published_where_it_is(bench, views, carton, tmp_path):
    assert bench.call("onboard_object/start", name="carton").success
    show(bench, views[:SHOWN])
    answer = bench.call("onboard_object/stop")
    assert answer.success and f"{SHOWN} views kept" in answer.message
    end = built(bench)
    assert end.state == OnboardingStatus.DONE, end.message
    assert end.model == str(tmp_path / "carton.glb") and Path(end.model).is_file()
    assert {status.step for status in bench.heard[STATUS]} >= {"check", "fuse", "paint", "compare"}
    bench.wait(lambda: "DONE carton" in bench.status("onboarding"), "diagnostics of the onboarding")

    looked_at = views[SHOWN : SHOWN + LOOKED_AT]
    found = published_poses(bench, looked_at)
    for T_found, view in zip(found, looked_at, strict=True):
        # The model's frame has the axes of the camera of the first view.
        meant = view.pose[:3, :3] @ views[0].pose[:3, :3].T
        assert np.rad2deg(se3.rotation_angle_rad(T_found[:3, :3], meant)) < 2.5
    mm, deg = worst_mm_deg(found, [view.pose for view in looked_at], carton.centre_m)
    assert mm < 4 and deg < 2.5

    def seen() -> int:
        return int((bench.diagnosed("onboarding", "grown.carton") or "0").split()[0])

    # Turned on, it shows sides that the model lacks; each frame is looked at before the next comes.
    bench.wait(seen, "the share of the surface that was seen")
    before = seen()
    for view in views[SHOWN + LOOKED_AT :]:
        bench.object_of(bench.send(view.frame), TrackedObject.TRACKING)
        bench.wait(lambda: not bench.node.session.onboarding._growth._worker._slots, "the growth to take the frame up")
    bench.wait(lambda: seen() > before, "the model to grow")


def test_shown_by_a_camera_that_tf_knows_the_models_frame_is_that_of_the_table(bench, views, carton):
    publisher = bench.user.create_publisher(TFMessage, "/tf", QoSProfile(depth=100))

    def with_transform(view: ReferenceView) -> Callable[[dict[str, Any]], None]:
        def publish(messages: dict[str, Any]) -> None:
            header = Header(frame_id="table", stamp=messages["rgb/image"].header.stamp)
            transform = to_transform(to_pose(se3.inverse(view.pose)))
            publisher.publish(
                TFMessage(transforms=[TransformStamped(header=header, child_frame_id="camera", transform=transform)])
            )

        return publish

    assert bench.call("onboard_object/start", name="carton", fixed_frame="table").success
    bench.wait(publisher.get_subscription_count, "pose_node to listen to TF")
    for kept, view in enumerate(views[:SHOWN:2], start=1):
        # An image whose transform comes after it is taken up with the next.
        for _ in range(2):
            stamp_ns = bench.send(view.frame, view.mask, change=with_transform(view))
            bench.wait(lambda stamp_ns=stamp_ns: stamp_ns in answered(bench), f"an answer to frame {stamp_ns}")
        bench.wait(lambda kept=kept: bench.heard[STATUS][-1].views >= kept, f"view {kept} to be kept")
    assert bench.call("onboard_object/stop").success
    end = built(bench)
    assert end.state == OnboardingStatus.DONE, end.message
    looked_at = views[SHOWN : SHOWN + LOOKED_AT]
    found = published_poses(bench, looked_at)
    for T_found, view in zip(found, looked_at, strict=True):
        # Axes of the table's frame, in which the carton stands upright, with the origin in the carton's middle.
        assert np.rad2deg(se3.rotation_angle_rad(T_found[:3, :3], view.pose[:3, :3])) < 2.5
    mm, deg = worst_mm_deg(found, [view.pose for view in looked_at], carton.centre_m)
    assert mm < 4 and deg < 2.5


def test_refusals_are_answered_in_words(bench, views):
    assert "start first" in bench.call("onboard_object/stop").message
    refused = bench.call("onboard_object/start", name="../carton")
    assert not refused.success and "letters" in refused.message
    assert "charuco:7x5" in bench.call("onboard_object/start", name="carton", board="chess").message
    assert bench.call("onboard_object/start", name="carton").success
    show(bench, views[:1])
    few = bench.call("onboard_object/stop")
    assert not few.success and "1 views kept" in few.message
    bench.wait(lambda: bench.status("onboarding").startswith("FAILED carton: too few"), "diagnostics of the failure")
