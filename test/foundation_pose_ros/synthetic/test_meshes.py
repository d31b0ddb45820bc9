"""Made-up objects: closed, of the stated size, told apart by their prints, the same for the same seed."""

import numpy as np
import pytest

from foundation_pose_ros import InputRefused, ObjectModel
from foundation_pose_ros.synthetic.meshes import DESIGNS, make_mesh

SIZES_M = {
    "cracker_box": (0.16, 0.06, 0.21),
    "book": (0.14, 0.20, 0.032),
    "sticker_cube": (0.06, 0.06, 0.06),
    "soda_can": (0.066, 0.066, 0.115),
    "bottle": (0.068, 0.068, 0.205),
    "bowl": (0.15, 0.15, 0.06),
    "ball": (0.066, 0.066, 0.066),
}


@pytest.mark.parametrize("name", DESIGNS)
def test_every_design_is_a_model_that_stands_on_z_0_with_its_texture_upright(name):
    mesh = make_mesh(name)
    model = ObjectModel.from_mesh(mesh)
    assert mesh.vertices[:, 2].min() == pytest.approx(0, abs=1e-9)
    assert mesh.visual.uv.min() >= 0
    assert mesh.visual.uv.max() <= 1
    assert mesh.area_faces.min() > 0
    # Faces wind outwards: the volume they enclose is positive.
    assert model.mesh.volume > 0
    assert model.has_colour


@pytest.mark.parametrize(("name", "extents_m"), SIZES_M.items())
def test_sizes_are_as_described(name, extents_m):
    assert make_mesh(name).extents == pytest.approx(extents_m, abs=0.001)


@pytest.mark.parametrize("name", ["mug", "cracker_box", "soda_can"])
def test_the_seed_changes_the_print_and_never_the_shape(name):
    first, again, other = make_mesh(name, 1), make_mesh(name, 1), make_mesh(name, 2)
    images = [np.asarray(mesh.visual.material.image) for mesh in (first, again, other)]
    assert np.array_equal(images[0], images[1])
    assert images[0].shape != images[2].shape or (images[0] != images[2]).mean() > 0.05
    assert np.array_equal(first.vertices, other.vertices)


def test_an_unknown_design_is_refused_with_those_that_are_there():
    with pytest.raises(InputRefused, match="choose from mug, cracker_box") as refusal:
        make_mesh("teapot")
    assert refusal.value.reason == "unknown_object"
