"""An object that was found by search in one picture is segmented in others; where it isn't found, words say so."""

from dataclasses import replace

import numpy as np
import pytest
import trimesh

from foundation_pose_ros import InputRefused, ObjectModel
from foundation_pose_ros.synthetic.scene import SyntheticScene, make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from universeg_ros.mask_overlap import iou
from universeg_ros.segmenter import Segmenter, object_mask
from universeg_ros.support.found_in_pictures import support_found

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def scene() -> SyntheticScene:
    """A mug among other things, from sides that differ."""
    settings = SceneSettings(seed=12, frames=3, objects=["mug"], clutter=3, rate_hz=2.0, supersample=1)
    return make_scene(settings)


def test_one_picture_shows_what_to_look_for_in_the_next(scene: SyntheticScene) -> None:
    first, _, last = scene.frame_ids
    # The model has no colours: the picture has.
    shape = replace(scene.model("mug"), appearance=None)
    support = support_found(shape, [scene.frame(first)] * 2, threads=1)
    (example,) = support  # the same picture counts once
    assert support.label_name(1) == "mug"
    mask, later = scene.mask(first, "mug"), scene.mask(last, "mug")
    assert mask is not None and later is not None
    assert np.array_equal(example.image, scene.frame(first).rgb)
    assert iou(example.labels == 1, mask) > 0.85
    assert iou(object_mask(Segmenter().set_support(support), scene.frame(last).rgb), later) > 0.5


def test_as_many_pictures_as_are_asked_for(scene: SyntheticScene) -> None:
    seen = iter(scene.frame(frame_id) for frame_id in scene.frame_ids)
    assert len(support_found(scene.model("mug"), seen, examples=1, threads=1)) == 1
    assert len(list(seen)) == 1  # it was asked whether there is another


def test_what_is_not_there_is_no_example(scene: SyntheticScene) -> None:
    ring = ObjectModel.from_mesh(trimesh.creation.torus(0.07, 0.012), name="ring")
    with pytest.raises(InputRefused, match="isn't surely found") as refusal:
        support_found(ring, [scene.frame(scene.frame_ids[0])], threads=1)
    assert refusal.value.reason == "object_not_found"
