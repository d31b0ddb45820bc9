"""Directions are those of trimesh's icospheres, which take a second to import."""

import numpy as np
import pytest
import trimesh

from foundation_pose_ros.object_model.directions import icosphere


@pytest.mark.parametrize(("subdivisions", "count"), [(0, 12), (1, 42), (2, 162), (3, 642)])
def test_an_icosphere_s_corners_are_found(subdivisions: int, count: int) -> None:
    directions = icosphere(subdivisions)
    assert directions.shape == (count, 3)
    # The library's stands otherwise in space: each corner has the same neighbours, the same way off.
    wanted = trimesh.creation.icosphere(subdivisions=subdivisions).vertices
    cosines, wanted_cosines = (np.sort(corners @ corners.T, axis=None) for corners in (directions, wanted))
    assert cosines == pytest.approx(wanted_cosines, abs=1e-9)
