"""Made-up objects of all families: closed, of everyday size, the same for the same seed and never twice for others."""

import numpy as np
import pytest

from foundation_pose_ros import InputRefused, ObjectModel
from foundation_pose_ros.synthetic.made.objects import DIAMETERS_M, FAMILIES, draw_object

KINDS = [(family, kind) for family, kinds in FAMILIES.items() for kind in kinds]


@pytest.mark.parametrize(("family", "kind"), KINDS)
def test_every_kind_is_a_closed_model_about_the_origin(family, kind):
    for seed in range(3):
        mesh = draw_object(np.random.default_rng(seed), family, kind)
        model = ObjectModel.from_mesh(mesh)
        assert np.isfinite(mesh.vertices).all()
        assert model.mesh.is_watertight and model.mesh.is_winding_consistent
        # Faces wind outwards: the volume they enclose is positive, and no more than that of a ball.
        assert 0.0005 < model.mesh.volume / model.diameter_m**3 < np.pi / 6
        assert DIAMETERS_M[0] * 0.999 < model.diameter_m < DIAMETERS_M[1] * 1.001
        np.testing.assert_allclose(model.centre_m, 0, atol=1e-6)
        assert model.has_colour == (family == "package")


@pytest.mark.parametrize(("family", "kind"), KINDS)
def test_the_same_seed_gives_the_same_mesh_and_another_one_another(family, kind):
    first, again, other = (draw_object(np.random.default_rng(seed), family, kind) for seed in (4, 4, 5))
    np.testing.assert_array_equal(first.vertices, again.vertices)
    np.testing.assert_array_equal(first.faces, again.faces)
    shapes = [mesh.extents / mesh.extents.max() for mesh in (first, other)]
    assert first.vertices.shape != other.vertices.shape or not np.allclose(*shapes, atol=1e-3)
    if family == "package":
        prints = [np.asarray(mesh.visual.material.image) for mesh in (first, again, other)]
        np.testing.assert_array_equal(prints[0], prints[1])
        assert prints[0].shape != prints[2].shape or (prints[0] != prints[2]).any()


def test_all_families_come_and_small_ones_as_often_as_large_ones():
    drawn = [draw_object(np.random.default_rng(seed)) for seed in range(60)]
    families = [mesh.metadata["family"] for mesh in drawn]
    assert set(families) == set(FAMILIES)
    assert len({mesh.metadata["name"] for mesh in drawn}) > 15
    small = np.mean([mesh.extents.max() < 0.1 for mesh in drawn])
    assert 0.3 < small < 0.8


def test_what_is_not_there_is_refused_with_what_is():
    with pytest.raises(InputRefused, match="choose from combined, lathe") as refusal:
        draw_object(np.random.default_rng(0), "furniture")
    assert refusal.value.reason == "unknown_object"
    with pytest.raises(InputRefused, match="choose from hammer"):
        draw_object(np.random.default_rng(0), "tool", "chainsaw")
