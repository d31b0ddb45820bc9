"""Directions are those of trimesh's icospheres, in its order."""

import pytest
import trimesh

from foundation_pose_ros.object_model.directions import icosphere


@pytest.mark.parametrize(("subdivisions", "count"), [(0, 12), (1, 42), (2, 162), (3, 642)])
def test_an_icosphere_s_corners_are_found(subdivisions: int, count: int) -> None:
    directions = icosphere(subdivisions)
    assert directions.shape == (count, 3)
    assert directions == pytest.approx(trimesh.creation.icosphere(subdivisions=subdivisions).vertices, abs=1e-12)
