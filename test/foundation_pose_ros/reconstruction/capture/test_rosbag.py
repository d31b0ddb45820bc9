"""Views from a rosbag2 written here: masks by stamp, poses from TF, none, and a command that makes a model of it."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from foundation_pose_ros import Camera, InputRefused, ObjectModel, se3
from foundation_pose_ros.cli.app import main
from foundation_pose_ros.reconstruction.capture.rosbag import read_bag_views
from foundation_pose_ros.reconstruction.reference_view import ReferenceView
from foundation_pose_ros.streams.bag_topics import BagTopics
from foundation_pose_ros.synthetic.reference_views import StudioSettings, render_views, turn_poses

CAMERA = Camera(300.0, 300.0, 159.5, 119.5, 320, 240)
STEP_NS = 200_000_000
TOPICS = BagTopics("/rgb", "/info", "/depth", "/masks", "table")


@pytest.fixture(scope="module")
def views(sticker_cube) -> tuple[ReferenceView, ...]:
    return render_views(
        sticker_cube, turn_poses(sticker_cube, 9, elevation_deg=35), settings=StudioSettings(camera=CAMERA)
    )


@pytest.fixture(scope="module")
def write_bag() -> Callable[..., Path]:
    """write_bag(folder, views): colour, depth, CameraInfo, masks (after their images), and TF from table to camera."""
    pytest.importorskip("rosbags", reason="rosbags isn't installed here: pip install rosbags")
    from rosbags.rosbag2 import Writer
    from rosbags.typesys import Stores, get_typestore

    store = get_typestore(Stores.ROS2_HUMBLE)

    def make(kind: str, **fields: Any) -> Any:
        return store.types[kind](**fields)

    def image(header: Any, array: np.ndarray, encoding: str) -> Any:
        data = np.ascontiguousarray(array).view(np.uint8).reshape(-1)
        height, width = array.shape[:2]
        return make(
            "sensor_msgs/msg/Image",
            header=header,
            height=height,
            width=width,
            encoding=encoding,
            is_bigendian=0,
            step=data.size // height,
            data=data,
        )

    def messages(view: ReferenceView, stamp_ns: int) -> dict[str, Any]:
        stamp = make("builtin_interfaces/msg/Time", sec=stamp_ns // 10**9, nanosec=stamp_ns % 10**9)
        header = make("std_msgs/msg/Header", stamp=stamp, frame_id="camera")
        T = se3.inverse(view.pose)
        x, y, z, w = se3.to_quaternion_xyzw(T)
        transform = make(
            "geometry_msgs/msg/Transform",
            translation=make("geometry_msgs/msg/Vector3", x=float(T[0, 3]), y=float(T[1, 3]), z=float(T[2, 3])),
            rotation=make("geometry_msgs/msg/Quaternion", x=x, y=y, z=z, w=w),
        )
        stamped = make(
            "geometry_msgs/msg/TransformStamped",
            header=make("std_msgs/msg/Header", stamp=stamp, frame_id="table"),
            child_frame_id="camera",
            transform=transform,
        )
        roi = make("sensor_msgs/msg/RegionOfInterest", x_offset=0, y_offset=0, height=0, width=0, do_rectify=False)
        camera = view.frame.camera
        info = make(
            "sensor_msgs/msg/CameraInfo",
            header=header,
            height=camera.height,
            width=camera.width,
            distortion_model="plumb_bob",
            d=np.zeros(5),
            k=camera.K.astype(np.float64).ravel(),
            r=np.eye(3).ravel(),
            p=np.zeros(12),
            binning_x=0,
            binning_y=0,
            roi=roi,
        )
        return {
            "/rgb": image(header, view.frame.rgb, "rgb8"),
            "/info": info,
            "/depth": image(header, view.frame.depth_m, "32FC1"),
            "/tf": make("tf2_msgs/msg/TFMessage", transforms=[stamped]),
            "/masks": image(header, view.mask.astype(np.uint8) * 255, "mono8"),
        }

    def write(folder: Path, views: tuple[ReferenceView, ...]) -> Path:
        with Writer(folder, version=9) as writer:
            connections: dict[str, Any] = {}
            for k, view in enumerate(views, start=1):
                for topic, message in messages(view, k * STEP_NS).items():
                    if topic not in connections:
                        connections[topic] = writer.add_connection(topic, message.__msgtype__, typestore=store)
                    raw = store.serialize_cdr(message, message.__msgtype__)
                    writer.write(connections[topic], k * STEP_NS, raw)
        return folder

    return write


def test_views_come_with_their_masks_and_the_poses_of_tf(write_bag, views, tmp_path):
    read = read_bag_views(write_bag(tmp_path / "bag", views), TOPICS)
    assert len(read) == len(views)
    to_middle = se3.inverse(views[0].pose) @ read[0].pose
    assert to_middle[:3, :3] == pytest.approx(np.eye(3), abs=1e-4)
    assert to_middle[:3, 3] == pytest.approx([0, 0, 0.03], abs=0.01)
    for found, view in zip(read, views, strict=True):
        assert found.pose == pytest.approx(view.pose @ to_middle, abs=1e-4)
        assert np.array_equal(found.mask, view.mask)
        assert np.array_equal(found.frame.rgb, view.frame.rgb)
        assert found.frame.depth_m == pytest.approx(view.frame.depth_m)


def test_without_fixed_frame_there_are_no_poses_and_what_stands_still_is_read_once(write_bag, views, tmp_path):
    bag = write_bag(tmp_path / "bag", (*views[:2], views[1], views[1]))
    read = read_bag_views(bag, BagTopics("/rgb", "/info", "/depth", "/masks"))
    assert [view.T_cam_obj for view in read] == [None, None]


@pytest.mark.slow
def test_the_command_makes_a_model_of_a_bag(write_bag, views, tmp_path, capsys):
    bag, output = write_bag(tmp_path / "bag", views), tmp_path / "cube.ply"
    options = ["--rgb-topic", "/rgb", "--info-topic", "/info", "--depth-topic", "/depth", "--texture", "0"]
    options += ["--masks-topic", "/masks", "--fixed-frame", "table"]
    assert main(["reconstruct", str(bag), "--output", str(output), *options]) == 0
    assert "9 views: depth" in capsys.readouterr().out
    model = ObjectModel.from_mesh(output)
    assert model.has_colour and model.sigma_m is not None
    fits = json.loads(output.with_suffix(".json").read_text())["fits"]
    depth_mm, outline = (np.mean([fit[key] for fit in fits]) for key in ("depth_mm", "outline"))
    # At a quarter of the usual number of pixels depth is noisier than the finest voxels are large.
    assert depth_mm < 3.5 and outline > 0.8, (depth_mm, outline)


def test_what_is_missing_is_said(write_bag, views, tmp_path, monkeypatch):
    bag = write_bag(tmp_path / "bag", views[:3])
    with pytest.raises(
        InputRefused, match=r"no topic /camera/color/image_raw: name one of /depth, /info, /masks, /rgb"
    ):
        read_bag_views(bag)
    with pytest.raises(InputRefused, match="TF has none between moon and camera") as refusal:
        read_bag_views(bag, BagTopics("/rgb", "/info", "/depth", "/masks", "moon"))
    assert refusal.value.reason == "no_views"
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputRefused, match="rosbag2"):
        read_bag_views(tmp_path / "empty")
    monkeypatch.setitem(sys.modules, "rosbags.highlevel", None)
    with pytest.raises(InputRefused, match=r"pip install .foundation-perception\[bags\]"):
        read_bag_views(bag)
