"""Rendered reference views of two made-up objects, and distances to their true surfaces."""

from collections.abc import Callable

import numpy as np
import open3d as o3d
import pytest

from foundation_pose_ros import ObjectModel
from foundation_pose_ros.reference_views.view import ReferenceView
from foundation_pose_ros.rendering import EmbreeRenderer
from foundation_pose_ros.synthetic.meshes import make_mesh
from foundation_pose_ros.synthetic.orbit import render_views, sphere_poses, turn_poses


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
        return EmbreeRenderer(model).scene.compute_distance(query).numpy()

    return distance
