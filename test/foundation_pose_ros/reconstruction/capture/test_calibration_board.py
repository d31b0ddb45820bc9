"""A cube on a printed board: its poses from the print, its masks from the plane, and a model from both."""

import numpy as np
import pytest
import trimesh
from PIL import Image
from trimesh.visual import TextureVisuals
from trimesh.visual.material import SimpleMaterial

from foundation_pose_ros import Frame, InputRefused, ObjectModel, se3
from foundation_pose_ros.reconstruction.capture.calibration_board import Board
from foundation_pose_ros.reconstruction.capture.view_folder import read_views
from foundation_pose_ros.reconstruction.fusion.tsdf_fusion import FusionSettings, fuse
from foundation_pose_ros.reconstruction.reference_view import ReferenceView
from foundation_pose_ros.rendering import EmbreeRenderer
from foundation_pose_ros.synthetic.reference_views import CAMERA
from foundation_pose_ros.synthetic.sensor import REALSENSE_D435
from foundation_pose_ros.synthetic.trajectory import look_at

BOARDS = ["charuco:9x7:30:22:5X5_100", "apriltag:6x5:36:9:APRILTAG_36h11"]
# Printed margin around the board, in metres.
MARGIN_M = 0.02


def printed(board: Board) -> ObjectModel:
    """A sheet with the board on it, in the board's frame: x along columns, y along rows as printed, and so z down."""
    width_m, height_m = board.extent_m
    px_per_m = 4000
    image = board.pattern().generateImage((round(width_m * px_per_m), round(height_m * px_per_m)), marginSize=0)
    image = np.pad(image, round(MARGIN_M * px_per_m), constant_values=255)
    x, y = (np.array([-MARGIN_M, extent_m + MARGIN_M]) for extent_m in (width_m, height_m))
    vertices = [[x[0], y[0], 0], [x[1], y[0], 0], [x[1], y[1], 0], [x[0], y[1], 0]]
    uv = [[0, 1], [1, 1], [1, 0], [0, 0]]
    visual = TextureVisuals(uv=uv, material=SimpleMaterial(image=Image.fromarray(image).convert("RGB")))
    return ObjectModel.from_mesh(trimesh.Trimesh(vertices, [[0, 1, 2], [0, 2, 3]], visual=visual, process=False))


def scene(board: Board, cube: ObjectModel, azimuth_deg: float) -> tuple[Frame, np.ndarray, np.ndarray]:
    """A frame of the cube on the sheet, T_cam_board, and the cube's true mask."""
    width_m, height_m = board.extent_m
    middle = np.array([width_m / 2, height_m / 2, 0])
    # World: the sheet's frame turned over, so that z is up.
    T_world_board = se3.from_rotation_translation(np.diag([1.0, -1.0, -1.0]), np.zeros(3))
    target = se3.transform_points(T_world_board, middle[None])[0]
    azimuth, elevation = np.deg2rad(azimuth_deg), np.deg2rad(50)
    away = np.array([np.cos(azimuth) * np.cos(elevation), np.sin(azimuth) * np.cos(elevation), np.sin(elevation)])
    T_cam_world = se3.inverse(look_at(target + 0.5 * away, target))
    T_cam_board = T_cam_world @ T_world_board
    T_cam_cube = T_cam_world @ se3.from_rotation_translation(np.eye(3), target)
    size = (CAMERA.height, CAMERA.width)
    sheet = EmbreeRenderer(printed(board)).render(T_cam_board[None], CAMERA.K, size, normals=True, colour=True)
    body = EmbreeRenderer(cube).render(T_cam_cube[None], CAMERA.K, size, normals=True, colour=True)
    mask = body.depth_m[0] > 0
    depth_m = np.where(mask, body.depth_m[0], sheet.depth_m[0])
    normals = np.where(mask[..., None], body.normals_cam[0], sheet.normals_cam[0])
    rgb = np.where(mask[..., None], body.rgb[0], sheet.rgb[0])
    measured_m = REALSENSE_D435.measure(depth_m, normals, CAMERA, np.random.default_rng(0))
    return Frame((200 * rgb).astype(np.uint8), measured_m, CAMERA), T_cam_board, mask


# No side of the cube is at such a slant that it has no depth.
@pytest.mark.parametrize("azimuth_deg", [-90, 40, 150])
@pytest.mark.parametrize("text", BOARDS)
def test_pose_and_mask_are_those_of_the_scene(text, azimuth_deg, sticker_cube):
    board = Board.parse(text)
    frame, truth, mask = scene(board, sticker_cube, azimuth_deg)
    T = board.pose(frame.rgb, CAMERA)
    assert T is not None
    assert np.linalg.norm(T[:3, 3] - truth[:3, 3]) < 0.0015
    assert np.rad2deg(se3.rotation_angle_rad(T[:3, :3], truth[:3, :3])) < 0.4
    found = board.standing_on(frame, T)
    assert (found & mask).sum() / (found | mask).sum() > 0.91


def test_a_picture_without_the_board_has_no_pose(sticker_cube):
    board = Board.parse(BOARDS[0])
    frame, _, _ = scene(board, sticker_cube, 0)
    assert Board.parse("charuco:9x7:30:22:4X4_50").pose(frame.rgb, CAMERA) is None
    assert board.pose(np.full_like(frame.rgb, 128), CAMERA) is None


def test_an_empty_board_has_nothing_standing_on_it(sticker_cube):
    board = Board.parse(BOARDS[0])
    far = ObjectModel("far", sticker_cube.vertices + np.float32([0, 5, 0]), sticker_cube.faces, sticker_cube.appearance)
    frame, truth, _ = scene(board, far, 0)
    assert board.standing_on(frame, truth).sum() < 100


def test_a_model_of_what_stands_on_a_board_is_seen_down_to_its_foot(sticker_cube):
    board = Board.parse(BOARDS[0])
    views = []
    for k, azimuth_deg in enumerate(range(0, 360, 45)):
        frame, truth, _ = scene(board, sticker_cube, azimuth_deg)
        views.append(ReferenceView(frame, board.standing_on(frame, truth), truth, f"{k}"))
    surface = fuse(views, FusionSettings(voxels=200_000))
    # Up is -z in the board's frame. With the true masks it is 5 mm as well: a mask's rim is never trusted.
    height_m = -surface.vertices[surface.seen, 2]
    assert abs(height_m.max() - 0.06) < 0.001
    assert 0 < np.quantile(height_m, 0.01) < 0.006


@pytest.mark.parametrize(
    "text", ["", "charuco", "charuco:9x7:30:22:nothing", "chess:9x7:30:22:5X5_100", "charuco:axb:1:1:5X5_100"]
)
def test_what_is_no_board_is_refused_with_the_form(text):
    with pytest.raises(InputRefused, match="charuco:7x5:30:22:5X5_100") as refusal:
        Board.parse(text)
    assert refusal.value.reason == "bad_board"


def test_views_on_a_board_are_read_without_poses_and_masks(sticker_cube, write_views, tmp_path):
    board = Board.parse(BOARDS[0])
    views = []
    for k, azimuth_deg in enumerate((0, 120, 240)):
        frame, truth, mask = scene(board, sticker_cube, azimuth_deg)
        views.append(ReferenceView(frame, mask, truth, f"{k}"))
    write_views(tmp_path, tuple(views), masks="elsewhere", poses="")
    read = read_views(tmp_path, board=board)
    assert len(read) == 3
    for view, truth in zip(read, views, strict=True):
        assert np.abs(view.pose - truth.pose).max() < 0.01
        assert (view.mask & truth.mask).sum() / (view.mask | truth.mask).sum() > 0.85
    with pytest.raises(InputRefused, match="found in none of 3 images") as refusal:
        read_views(tmp_path, board=Board.parse("charuco:9x7:30:22:4X4_50"))
    assert refusal.value.reason == "board_not_seen"
