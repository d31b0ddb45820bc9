"""Rendered reference views of two made-up objects, and distances to their true surfaces."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import open3d as o3d
import pytest

from foundation_pose_ros import ObjectModel, se3
from foundation_pose_ros.reconstruction.reference_view import ReferenceView
from foundation_pose_ros.synthetic.meshes import make_mesh
from foundation_pose_ros.synthetic.reference_views import render_views, sphere_poses, turn_poses


@pytest.fixture(scope="session")
def sticker_cube() -> ObjectModel:
    """60 mm cube, every sticker tells its side."""
    return ObjectModel.from_mesh(make_mesh("sticker_cube", 0), name="cube")


@pytest.fixture(scope="session")
def all_around(sticker_cube: ObjectModel) -> tuple[ReferenceView, ...]:
    """Twelve noisy views of the cube from all over the sphere."""
    return render_views(sticker_cube, sphere_poses(sticker_cube, 12, seed=1))


@pytest.fixture(scope="session")
def from_above(sticker_cube: ObjectModel) -> tuple[ReferenceView, ...]:
    """Eight noisy views of the cube in one turn at 35 degrees: nothing of its bottom (z = 0)."""
    return render_views(sticker_cube, turn_poses(sticker_cube, 8, elevation_deg=35))


@pytest.fixture(scope="session")
def distance_to() -> Callable[[ObjectModel, np.ndarray], np.ndarray]:
    """distance_to(model, points): unsigned, metres."""

    def distance(model: ObjectModel, points: np.ndarray) -> np.ndarray:
        query = o3d.core.Tensor.from_numpy(np.ascontiguousarray(points, np.float32))
        scene = o3d.t.geometry.RaycastingScene()
        scene.add_triangles(o3d.core.Tensor.from_numpy(model.vertices), o3d.core.Tensor.from_numpy(model.faces))
        return scene.compute_distance(query).numpy()

    return distance


@pytest.fixture(scope="session")
def write_views() -> Callable[..., Path]:
    """write_views(folder, views): to the disk, as people record them."""

    def write(
        folder: Path,
        views: tuple[ReferenceView, ...],
        masks: str = "masks",
        poses: str = "cam_in_ob",
        depth: str = "depth",
    ) -> Path:
        """`poses` and `masks` may go on with an object's name, "" writes none."""
        for room in ("rgb", depth, masks, poses):
            (folder / room).mkdir(parents=True, exist_ok=True)
        np.savetxt(folder / "K.txt", views[0].frame.camera.K)
        for view in views:
            cv2.imwrite(str(folder / "rgb" / f"{view.name}.png"), cv2.cvtColor(view.frame.rgb, cv2.COLOR_RGB2BGR))
            cv2.imwrite(str(folder / depth / f"{view.name}.png"), np.round(view.frame.depth_m * 1000).astype(np.uint16))
            cv2.imwrite(str(folder / masks / f"{view.name}.png"), view.mask.astype(np.uint8) * 255)
            if poses:
                T = se3.inverse(view.pose) if poses.startswith("cam_in_ob") else view.pose
                np.savetxt(folder / poses / f"{view.name}.txt", T)
        return folder

    return write
