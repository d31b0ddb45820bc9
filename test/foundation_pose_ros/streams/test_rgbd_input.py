"""What becomes a frame, at which stamp and with which camera, and what is refused. Messages are duck-typed."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from foundation_pose_ros import se3
from foundation_pose_ros.streams.image_messages import fill_image
from foundation_pose_ros.streams.refusals import RefusalCounter
from foundation_pose_ros.streams.rgbd_input import InputGuardian, InputSettings
from foundation_pose_ros.streams.transform_buffer import TransformBuffer

WIDTH, HEIGHT = 64, 48


def header(stamp_ns: int, frame_id: str = "camera") -> Any:
    sec, nanosec = divmod(stamp_ns, 1_000_000_000)
    return SimpleNamespace(stamp=SimpleNamespace(sec=sec, nanosec=nanosec), frame_id=frame_id)


def colour(stamp_ns: int, frame_id: str = "camera") -> Any:
    return fill_image(
        SimpleNamespace(header=header(stamp_ns, frame_id)), np.full((HEIGHT, WIDTH, 3), 100, np.uint8), "rgb8"
    )


def depth(stamp_ns: int, frame_id: str = "camera") -> Any:
    return fill_image(
        SimpleNamespace(header=header(stamp_ns, frame_id)), np.full((HEIGHT, WIDTH), 0.5, np.float32), "32FC1"
    )


def info(stamp_ns: int, focal_px: float = 50.0, d: tuple[float, ...] = ()) -> Any:
    K = [focal_px, 0, 31.5, 0, focal_px, 23.5, 0, 0, 1]
    return SimpleNamespace(
        header=header(stamp_ns),
        k=K,
        p=[focal_px, 0, 31.5, 0, 0, focal_px, 23.5, 0, 0, 0, 1, 0],
        d=list(d),
        distortion_model="plumb_bob",
        width=WIDTH,
        height=HEIGHT,
        binning_x=0,
        binning_y=0,
        roi=SimpleNamespace(x_offset=0, y_offset=0, width=0, height=0),
    )


@pytest.fixture
def refusals() -> RefusalCounter:
    return RefusalCounter()


@pytest.fixture
def guardian(refusals: RefusalCounter) -> InputGuardian:
    return InputGuardian(InputSettings(), refusals)


@pytest.mark.parametrize("d", [(), (0.1, 0.0, 0.0, 0.0, 0.0)], ids=["rectified", "distorted"])
def test_colour_alone_makes_frames_that_measured_nothing(d: tuple[float, ...], refusals: RefusalCounter) -> None:
    guardian = InputGuardian(InputSettings(colour_only=True), refusals)
    frames = guardian.colour(colour(7)) + guardian.camera_info(info(7, d=d))
    frames += guardian.camera_info(info(9, d=d)) + guardian.colour(colour(9))
    assert [frame.stamp_ns for frame in frames] == [7, 9]
    assert not any(frame.depth_m.any() for frame in frames) and frames[0].rgb.any()
    assert not refusals.look().total


def test_three_messages_of_one_stamp_make_one_frame_in_any_order() -> None:
    makers = {"colour": colour, "depth": depth, "camera_info": info}
    for order in (
        ("colour", "depth", "camera_info"),
        ("camera_info", "depth", "colour"),
        ("depth", "camera_info", "colour"),
    ):
        guardian = InputGuardian(InputSettings(), RefusalCounter())
        frames = [frame for name in order for frame in getattr(guardian, name)(makers[name](7_000_000_001))]
        assert [(frame.stamp_ns, frame.frame_id) for frame in frames] == [(7_000_000_001, "camera")]


def test_camera_info_is_that_of_the_images_stamp(guardian: InputGuardian) -> None:
    guardian.camera_info(info(1_000, 50.0))
    guardian.camera_info(info(2_000, 60.0))
    guardian.colour(colour(1_000))
    (frame,) = guardian.depth(depth(1_000))
    assert frame.camera.fx == 50.0


def test_camera_info_at_stamps_of_its_own_serves_from_the_second_image_on(guardian: InputGuardian) -> None:
    guardian.camera_info(info(5))
    frames = []
    for stamp_ns in (33_000_000, 66_000_000, 99_000_000):
        guardian.colour(colour(stamp_ns))
        frames.append([frame.stamp_ns for frame in guardian.depth(depth(stamp_ns))])
    assert frames == [[], [33_000_000, 66_000_000], [99_000_000]]


def test_images_without_any_camera_info_are_refused(guardian: InputGuardian, refusals: RefusalCounter) -> None:
    for stamp_ns in (33_000_000, 66_000_000, 99_000_000):
        guardian.colour(colour(stamp_ns))
        assert guardian.depth(depth(stamp_ns)) == []
    assert refusals["no_camera_info"] == 2


def test_a_leading_slash_of_a_frame_is_dropped(guardian: InputGuardian) -> None:
    guardian.camera_info(info(9))
    guardian.colour(colour(9, "/camera"))
    (frame,) = guardian.depth(depth(9))
    assert frame.frame_id == "camera"


@pytest.mark.parametrize("check", [True, False])
def test_depth_of_another_frame(refusals: RefusalCounter, check: bool) -> None:
    guardian = InputGuardian(InputSettings(check_frames=check), refusals)
    guardian.camera_info(info(9))
    guardian.colour(colour(9))
    frames = guardian.depth(depth(9, "depth_camera"))
    assert (len(frames), refusals["frame_mismatch"]) == ((0, 1) if check else (1, 0))


def test_a_mask_that_comes_before_the_first_frame_loses_its_distortion_too(guardian: InputGuardian) -> None:
    labels = np.zeros((HEIGHT, WIDTH), np.uint8)
    labels[4:12, 4:12] = 255
    mask = guardian.mask(fill_image(SimpleNamespace(header=header(9)), labels, "mono8"))
    assert mask is not None
    guardian.camera_info(info(9, d=(0.4, 0.0, 0.0, 0.0, 0.0)))
    guardian.colour(colour(9))
    (frame,) = guardian.depth(depth(9))

    ((_, moved),) = mask.masks(frame, {"mug": "mug"}, ("mug",))

    # Pincushion distortion: what the raw image shows near its corner is nearer to the middle in the rectified one.
    before, after = np.argwhere(labels).mean(axis=0), np.argwhere(moved).mean(axis=0)
    assert np.all(after > before + 1)


def test_unmatched_images_are_counted(guardian: InputGuardian) -> None:
    for k in range(15):
        guardian.colour(colour(k * 33_000_000))
    assert guardian.unmatched == {"colour": 5}
    assert guardian.received == 15


def detection(left: float, score: float | None) -> Any:
    hypotheses = [] if score is None else [SimpleNamespace(hypothesis=SimpleNamespace(class_id="mug", score=score))]
    centre = SimpleNamespace(position=SimpleNamespace(x=left + 5.0, y=10.0))
    return SimpleNamespace(id="", results=hypotheses, bbox=SimpleNamespace(center=centre, size_x=10.0, size_y=10.0))


def test_boxes_that_can_not_be_used_are_counted(guardian: InputGuardian, refusals: RefusalCounter) -> None:
    found = [detection(3.0, 0.9), detection(np.nan, 0.9), detection(3.0, None)]
    boxes = guardian.boxes(SimpleNamespace(header=header(1), detections=found))
    assert boxes is not None and [box.left for box in boxes.boxes] == [3.0]
    assert refusals["bad_box"] == 2


def test_boxes_have_the_labels_of_their_ids_or_their_numbers(guardian: InputGuardian) -> None:
    found = [detection(3.0, 0.9) for _ in range(4)]
    for one, id in zip(found, ("7", "", "mug", "9" * 5000), strict=True):
        one.id = id
    boxes = guardian.boxes(SimpleNamespace(header=header(1), detections=found))
    assert boxes is not None and [box.label for box in boxes.boxes] == [7, 2, 3, 4]


def moved(x_m: float) -> np.ndarray:
    return se3.from_rotation_translation(np.eye(3), np.array([x_m, 0.0, 0.0]))


def fed(guardian: InputGuardian) -> list[Any]:
    """Colour and depth of two cameras, each with its camera info."""
    guardian.camera_info(info(9))
    of_depth = info(9, focal_px=25.0)
    guardian.depth_camera_info(of_depth)
    guardian.colour(colour(9))
    return guardian.depth(depth(9, "depth_camera"))


def test_depth_of_another_camera_is_brought_into_colours_pixels(refusals: RefusalCounter) -> None:
    guardian = InputGuardian(InputSettings(register_depth=True, T_colour_depth=moved(0.05)), refusals)
    (frame,) = fed(guardian)
    assert frame.depth_m[24, 40] == pytest.approx(0.5)
    # A wall at 0.5 m whose left end the depth camera sees at -0.62 of its depth: 0.05 / 0.5 further right in colour.
    assert frame.frame_id == "camera" and (frame.depth_m[:, 8:] > 0).all()


def test_where_the_depth_camera_is_comes_from_tf(refusals: RefusalCounter) -> None:
    transforms = TransformBuffer()
    guardian = InputGuardian(InputSettings(register_depth=True), refusals, transforms)
    assert fed(guardian) == [] and "TF is silent" in refusals.look().messages["no_transform"]
    transforms.add("camera", "depth_camera", moved(0.05), 0, static=True)
    guardian.colour(colour(33_000_000))
    guardian.camera_info(info(33_000_000))
    assert len(guardian.depth(depth(33_000_000, "depth_camera"))) == 1


def test_depth_of_another_camera_needs_its_camera_info(refusals: RefusalCounter) -> None:
    guardian = InputGuardian(InputSettings(register_depth=True, T_colour_depth=moved(0)), refusals)
    guardian.camera_info(info(9))
    guardian.colour(colour(9))
    assert guardian.depth(depth(9, "depth_camera")) == []
    assert "depth/camera_info" in refusals.look().messages["no_camera_info"]


def test_a_cloud_stands_for_depth(refusals: RefusalCounter) -> None:
    v, u = np.mgrid[:HEIGHT, :WIDTH]
    points = np.stack([(u - 31.5) / 50, (v - 23.5) / 50, np.ones_like(u)], axis=-1).astype(np.float32) * 0.5
    fields = [SimpleNamespace(name=name, offset=4 * i, datatype=7) for i, name in enumerate("xyz")]
    cloud = SimpleNamespace(
        header=header(9, "lidar"),
        height=1,
        width=WIDTH * HEIGHT,
        fields=fields,
        is_bigendian=False,
        point_step=12,
        row_step=12 * WIDTH * HEIGHT,
        data=points.tobytes(),
    )
    guardian = InputGuardian(InputSettings(depth_points=True, T_colour_depth=moved(0)), refusals)
    guardian.camera_info(info(9))
    guardian.colour(colour(9))
    (frame,) = guardian.depth(cloud)
    assert frame.depth_m == pytest.approx(np.full((HEIGHT, WIDTH), 0.5))
