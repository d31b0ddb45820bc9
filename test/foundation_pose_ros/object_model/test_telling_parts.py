"""A handle and a print tell how a round thing is turned; what a scan has bent, and what is of one colour, don't."""

import numpy as np
import pytest
import trimesh

from foundation_pose_ros import ObjectModel
from foundation_pose_ros.object_model.symmetry import Axis, Symmetries
from foundation_pose_ros.object_model.telling_parts import shows_turns
from foundation_pose_ros.synthetic.imperfections import scanned

UPRIGHT = Axis((0.0, 0.0, 1.0))


def can(*parts: trimesh.Trimesh, colour: bool = False) -> ObjectModel:
    body = trimesh.creation.cylinder(0.035, 0.11, sections=96)
    for _ in range(3):
        body = body.subdivide()
    mesh = trimesh.util.concatenate([body, *parts])
    if colour:
        x, y, _ = mesh.vertices.T
        colours = np.where((np.abs(np.arctan2(y, x)) < 0.6)[:, None], (20, 40, 160, 255), (200, 190, 190, 255))
        mesh.visual = trimesh.visual.ColorVisuals(mesh, vertex_colors=colours.astype(np.uint8))
    return ObjectModel.from_mesh(mesh, name="can", symmetries=Symmetries.none())


def test_a_plain_can_looks_the_same_however_it_is_turned():
    assert not shows_turns(can(), UPRIGHT)


def test_nor_does_it_where_a_scan_has_bent_it():
    for seed in range(4):
        assert not shows_turns(scanned(can(), np.random.default_rng(seed)), UPRIGHT)


@pytest.mark.parametrize("reach_m", [0.01, 0.03])
def test_a_part_that_stands_out_tells(reach_m):
    part = trimesh.creation.box((reach_m, 0.012, 0.03)).apply_translation([0.035 + reach_m / 2, 0, 0.02])
    assert shows_turns(can(part), UPRIGHT)


def test_a_print_on_one_side_tells():
    assert shows_turns(can(colour=True), UPRIGHT)
