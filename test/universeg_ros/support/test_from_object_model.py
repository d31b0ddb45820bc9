"""Support sets from a mesh and from reference views, and the mask that a segmenter makes of them."""

from dataclasses import replace

import numpy as np
import pytest

from foundation_pose_ros import InputRefused, ObjectModel
from foundation_pose_ros.synthetic.meshes import make_mesh
from foundation_pose_ros.synthetic.reference_views import render_views, sphere_poses
from universeg_ros import Segmenter, SupportSet
from universeg_ros.segmenter import object_mask
from universeg_ros.support.from_object_model import support_from_model, support_from_views


@pytest.fixture(scope="module")
def cube() -> ObjectModel:
    return ObjectModel.from_mesh(make_mesh("sticker_cube", 0), name="sticker_cube")


@pytest.mark.slow
def test_a_model_makes_pictures_of_itself_among_other_things(cube):
    support = support_from_model(cube, examples=3)
    assert len(support) == 3 and support.label_name(1) == "sticker_cube"
    for example in support:
        marked = example.labels == 1
        assert 0.004 < marked.mean() < 0.2
        # Stickers are of bright colours, and the table around them is none of it.
        saturation = np.ptp(example.image.astype(float), axis=2)
        assert saturation[marked].mean() > saturation[~marked].mean()
    again = support_from_model(cube, examples=3)
    assert all(np.array_equal(a.image, b.image) for a, b in zip(support, again, strict=True))


def test_a_model_without_colour_is_refused(cube):
    with pytest.raises(InputRefused) as refusal:
        support_from_model(replace(cube, appearance=None))
    assert refusal.value.reason == "no_colour"


def test_reference_views_are_a_support_set(cube):
    views = render_views(cube, sphere_poses(cube, 3))
    support = support_from_views(views, "cube")
    assert support.names == [view.name for view in views]
    assert np.array_equal(support[views[1].name].labels == 1, views[1].mask)
    with pytest.raises(InputRefused) as refusal:
        support_from_views([replace(view, mask=np.zeros_like(view.mask)) for view in views])
    assert refusal.value.reason == "empty_support"


@pytest.fixture
def segmenter(scenes, by_intensity) -> Segmenter:
    """Marks what is as bright as the discs of the support."""
    images, labels = scenes
    discs = [(label == 1).astype(np.uint8) for label in labels]
    return Segmenter(by_intensity).set_support(SupportSet.from_arrays(images[:4], discs[:4]))


def test_the_mask_is_the_largest_piece(segmenter, scenes):
    image, disc = scenes[0][5].copy(), scenes[1][5] == 1
    image[2:5, 2:5] = 220  # a glint as bright as the disc
    mask = object_mask(segmenter, np.repeat(image[..., None], 3, axis=2))
    assert (mask & disc).sum() / (mask | disc).sum() > 0.8
    assert not mask[2:5, 2:5].any()


def test_nothing_found_is_said(segmenter, scenes):
    image = np.where(scenes[1][5] == 1, 110, scenes[0][5]).astype(np.uint8)
    image[2:4, 2:4] = 220  # a glint, too small to be anything
    with pytest.raises(InputRefused, match="give a mask") as refusal:
        object_mask(segmenter, np.repeat(image[..., None], 3, axis=2))
    assert refusal.value.reason == "object_not_found"
