"""Pictures of poses: what is drawn where, and that nothing else of the image changes."""

import cv2
import numpy as np
import pytest
import trimesh

from foundation_pose_ros import Camera, InputRefused, ObjectModel
from foundation_pose_ros.overlay import OverlayPose, OverlayRenderers, contact_sheet, draw_overlay
from foundation_pose_ros.rendering import EmbreeRenderer
from foundation_pose_ros.se3 import from_rotation_translation

CAMERA = Camera(300.0, 300.0, 159.5, 119.5, 320, 240)
GREY = np.full((240, 320, 3), 120, np.uint8)
BRICK = ObjectModel.from_mesh(trimesh.creation.box((0.08, 0.12, 0.2)), name="brick")
COLOUR = (10, 250, 30)


def at(x_m: float, y_m: float, z_m: float) -> np.ndarray:
    return from_rotation_translation(np.eye(3), np.array([x_m, y_m, z_m]))


def brick(T_cam_obj: np.ndarray, label: str = "") -> OverlayPose:
    return OverlayPose(BRICK, T_cam_obj, label, COLOUR)


def silhouette(T_cam_obj: np.ndarray) -> np.ndarray:
    rendering = EmbreeRenderer(BRICK).render(T_cam_obj[None], CAMERA.K, (CAMERA.height, CAMERA.width))
    return rendering.depth_m[0] > 0


def distance_to_border(mask: np.ndarray) -> np.ndarray:
    """Distance (h, w) of each pixel to the nearest one on the other side of the silhouette's border."""
    inside, outside = (cv2.distanceTransform(side.astype(np.uint8), cv2.DIST_L2, 5) for side in (mask, ~mask))
    return np.where(mask, inside, outside)


def changed(image: np.ndarray) -> np.ndarray:
    return (image != GREY).any(axis=-1)


# The nearer one is cast at half the resolution, which moves its outline by up to a pixel.
@pytest.mark.parametrize(("z_m", "off_px"), [(0.5, 0), (0.25, 1)])
def test_the_outline_follows_the_silhouette(z_m, off_px):
    T = at(0.0213, -0.0107, z_m)  # no edge runs along the middles of pixels, where rounding decides
    image = draw_overlay(GREY, CAMERA, [brick(T)], tint=0.0, axes=False)
    distance_px = distance_to_border(silhouette(T))
    # Its own colour on the border, and no change a few pixels away.
    drawn = cv2.dilate((image[..., 1] > 200).astype(np.uint8), np.ones((1 + 2 * off_px,) * 2)) > 0
    assert drawn[distance_px <= 1].mean() > 0.95
    assert not changed(image)[distance_px > 6].any()


def test_the_tint_covers_the_silhouette_and_leaves_the_rest():
    T = at(0, 0, 0.6)
    image = draw_overlay(GREY, CAMERA, [brick(T)], tint=0.5, axes=False)
    mask, distance_px = silhouette(T), distance_to_border(silhouette(T))
    inside = image[mask & (distance_px > 6)]
    assert inside == pytest.approx(np.tile((np.array(COLOUR) + 120) / 2, (len(inside), 1)), abs=1)
    assert not changed(image)[~mask & (distance_px > 6)].any()


def test_axes_point_along_x_red_y_green_z_blue():
    T = from_rotation_translation(np.eye(3), np.array([0.0, 0.0, 0.6]))
    image = draw_overlay(GREY, CAMERA, [brick(T)], tint=0.0, line_px=2.0).astype(int)
    half_m = 0.25 * BRICK.diameter_m
    along_x, along_y = (CAMERA.project(T[:3, 3] + half_m * np.eye(3)[k]).round().astype(int) for k in range(2))
    assert image[along_x[1], along_x[0]].argmax() == 0
    assert image[along_y[1], along_y[0]].argmax() == 1
    # Looking down the z axis it is a point; from the side it is a blue line.
    turned = from_rotation_translation(np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]], float), T[:3, 3])
    image = draw_overlay(GREY, CAMERA, [brick(turned)], tint=0.0).astype(int)
    assert image[along_x[1], along_x[0]].argmax() == 2


def test_the_label_is_above_or_else_below_and_inside_the_image():
    for T in (at(0, 0, 0.6), at(0, -0.2, 0.6), at(0.3, 0.2, 0.6)):
        plain = draw_overlay(GREY, CAMERA, [brick(T)])
        image = draw_overlay(GREY, CAMERA, [brick(T, "brick 0.93")])
        rows, columns = np.nonzero((image != plain).any(axis=-1))
        mask_rows = np.nonzero(silhouette(T).any(axis=1))[0]
        assert len(rows) > 300
        assert columns.max() - columns.min() > 40
        fits_above = mask_rows[0] > 30
        assert (rows.max() < mask_rows[0]) if fits_above else (rows.min() > mask_rows[0])


def test_the_given_image_stays_as_it_was():
    image = GREY.copy()
    draw_overlay(image, CAMERA, [brick(at(0, 0, 0.6), "brick")])
    assert np.array_equal(image, GREY)


@pytest.mark.parametrize(
    "T_cam_obj", [at(0, 0, -0.6), at(3, 0, 0.6), at(0, 0, np.nan)], ids=["behind", "outside", "not finite"]
)
def test_what_cannot_be_seen_is_not_drawn(T_cam_obj):
    assert np.array_equal(draw_overlay(GREY, CAMERA, [brick(T_cam_obj, "brick")]), GREY)


def test_an_object_that_reaches_behind_the_camera_is_drawn_without_harm():
    image = draw_overlay(GREY, CAMERA, [brick(at(0.06, 0, 0.05), "brick")])
    assert changed(image).any()
    assert not changed(image)[:, :40].any()


def test_several_objects_have_their_own_colours():
    poses = [OverlayPose(BRICK, at(x_m, 0, 0.8), colour=c) for x_m, c in ((-0.12, (250, 0, 0)), (0.12, (0, 0, 250)))]
    image = draw_overlay(GREY, CAMERA, poses, tint=0.6, axes=False).astype(int)
    for pose, channel in zip(poses, (0, 2), strict=True):
        inside = image[silhouette(pose.T_cam_obj)]
        assert (inside.argmax(axis=1) == channel).mean() > 0.9


def test_an_image_of_another_size_is_refused():
    with pytest.raises(InputRefused, match="the image is 100x50 but its camera is 320x240") as refusal:
        draw_overlay(GREY[:50, :100], CAMERA, [brick(at(0, 0, 0.6))])
    assert refusal.value.reason == "size_mismatch"


def test_a_contact_sheet_has_all_images_in_order():
    images = [np.full((60, 80, 3), 40 * (k + 1), np.uint8) for k in range(5)]
    sheet = contact_sheet(images, columns=2, captions=["one", "two"], cell_width_px=160)
    assert sheet.shape == (3 * (120 + 28 + 8) + 8, 2 * 168 + 8, 3)
    for k in range(5):
        top, left = 8 + k // 2 * 156, 8 + k % 2 * 168
        assert (sheet[top : top + 120, left : left + 160] == 40 * (k + 1)).all()
        caption = sheet[top + 120 : top + 148, left : left + 160]
        assert (caption.max() > 150) == (k < 2)


def test_no_images_make_no_contact_sheet():
    with pytest.raises(InputRefused, match="give at least one"):
        contact_sheet([])


def test_renderers_are_kept_for_what_the_last_picture_showed():
    renderers = OverlayRenderers()
    other = ObjectModel.from_mesh(trimesh.creation.box((0.1, 0.1, 0.1)), name="other")
    poses = [OverlayPose(model, at(0, 0, 0.8)) for model in (BRICK, other)]
    draw_overlay(GREY, CAMERA, poses, renderers=renderers)
    brick, cube = renderers[BRICK], renderers[other]
    draw_overlay(GREY, CAMERA, poses[:1], renderers=renderers)
    assert renderers[BRICK] is brick
    assert renderers[other] is not cube


@pytest.mark.parametrize("size", [(240, 320), (2, 2), (1, 1)])
@pytest.mark.parametrize("f", [1e-6, 10.0, 1e7, 1e300])
@pytest.mark.parametrize("c", [0.0, 1e9, 1e30])
def test_cameras_with_odd_numbers_and_tiny_images_are_drawn_on_all_the_same(
    size: tuple[int, int], f: float, c: float
) -> None:
    camera = Camera(f, f, c, c, size[1], size[0])
    image = np.full((*size, 3), 120, np.uint8)
    for T_cam_obj in (at(0, 0, 0.021), at(0.01, 0, 0.5), at(1e12, 0, 1e6)):
        with np.errstate(all="ignore"):
            assert draw_overlay(image, camera, [brick(T_cam_obj, "long " * 50)]).shape == image.shape
