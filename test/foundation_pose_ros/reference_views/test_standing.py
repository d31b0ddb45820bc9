"""A thing on a table is masked by the plane beneath it, and followed from frame to frame."""

from dataclasses import replace

import numpy as np
import pytest

from foundation_pose_ros import InputRefused
from foundation_pose_ros.reference_views.standing import StandingThing
from foundation_pose_ros.synthetic.scene import make_scene


@pytest.fixture(scope="module")
def scene():
    """A carton alone on a table, the camera moving around it."""
    return make_scene(seed=4, frames=4, objects=["cracker_box"], clutter=0, supersample=1, rate_hz=2.0)


def test_its_mask_is_the_true_one_but_for_its_feet(scene):
    thing = StandingThing()
    for frame_id in scene.frame_ids:
        found, true = thing.mask(scene.frame(frame_id)), scene.mask(frame_id, "cracker_box")
        assert (found & true).sum() / (found | true).sum() > 0.85
        assert (found & ~true).sum() < 0.05 * true.sum()


def test_a_bare_table_and_a_frame_without_depth_are_refused(scene):
    frame = scene.frame(scene.frame_ids[0])
    rays = frame.camera.rays(np.arange(frame.camera.width)[None], np.arange(frame.camera.height)[:, None])
    # A plane 0.5 m below the camera, tilted by 45 degrees.
    bare = replace(frame, depth_m=(0.5 / np.maximum(rays[..., 1] + rays[..., 2], 0.1)).astype(np.float32))
    with pytest.raises(InputRefused, match="alone on a table") as refusal:
        StandingThing().mask(bare)
    assert refusal.value.reason == "nothing_stands"
    with pytest.raises(InputRefused) as refusal:
        StandingThing().mask(replace(frame, depth_m=np.zeros_like(frame.depth_m)))
    assert refusal.value.reason == "no_plane"


def test_of_two_things_the_first_chosen_is_followed():
    scene = make_scene(seed=11, frames=3, objects=["cracker_box", "mug"], clutter=0, width=320, height=240, rate_hz=2.0)
    thing = StandingThing()
    chosen = []
    for frame_id in scene.frame_ids:
        found = thing.mask(scene.frame(frame_id))
        overlaps = {name: (found & scene.mask(frame_id, name)).sum() for name in scene.object_names}
        chosen.append(max(overlaps, key=overlaps.get))
    assert len(set(chosen)) == 1
