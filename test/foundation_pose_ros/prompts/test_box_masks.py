"""A box's mask by colours."""

import numpy as np
import pytest

from foundation_pose_ros.prompts.box_masks import ColourMasks
from foundation_pose_ros.prompts.region import Region
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings


@pytest.mark.slow
def test_most_of_a_thing_and_little_else_is_marked() -> None:
    overlaps = []
    for seed, name in ((1, "mug"), (2, "cracker_box"), (3, "soda_can"), (5, "bottle"), (4, "sticker_cube")):
        scene = make_scene(SceneSettings(seed=seed, frames=1, objects=[name], clutter=3, supersample=1))
        frame, truth = scene.frame(scene.frame_ids[0]), scene.mask(scene.frame_ids[0], name)
        assert truth is not None
        rows, columns = np.nonzero(truth)
        box = Region(name, columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        mask = ColourMasks().mask(frame.rgb, box)
        overlaps.append((mask & truth).sum() / (mask | truth).sum())
    print("overlap", [f"{o:.2f}" for o in overlaps])
    assert np.median(overlaps) > 0.7


def test_a_box_of_one_colour_stays_whole() -> None:
    rgb = np.full((48, 80, 3), 128, np.uint8)
    for region in (Region("mug", 10, 10, 40, 40), Region("mug", 0, 0, 80, 48)):
        assert np.array_equal(ColourMasks().mask(rgb, region), region.filled(rgb.shape))
