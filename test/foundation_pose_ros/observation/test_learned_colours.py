"""Colour statistics along an outline: what they make of pixels, what is left out of them, and how they age."""

from dataclasses import replace

import numpy as np

from foundation_pose_ros import se3
from foundation_pose_ros.observation.crop import Crop
from foundation_pose_ros.observation.learned_colours import LearnedColours

SIZE = 48


def learned_from(view, blob, renderer) -> LearnedColours | None:
    seen = Crop.around_pose(view.frame, blob, view.T_cam_obj, 1.15).observe(SIZE)
    rendered_m = renderer.render(view.T_cam_obj[None], seen.K, (SIZE, SIZE)).depth_m[0]
    return LearnedColours.of(view.frame, seen.K, seen.depth_m.reshape(SIZE, SIZE), rendered_m)


def judged(view, blob, learned: LearnedColours) -> tuple[np.ndarray, np.ndarray]:
    """The map of a view, and where the object is in it."""
    crop = Crop.around_pose(view.frame, blob, view.T_cam_obj, 1.15, learned)
    found = crop.observe(SIZE).foreground
    camera = view.frame.camera
    step = camera.fx / found.K[0, 0]
    first = [round(camera.K[k, 2] - step * found.K[k, 2]) for k in (0, 1)]
    height, width = found.probability.shape
    part = view.mask[first[1] :: round(step), first[0] :: round(step)][:height, :width]
    return found.probability, part


def test_each_side_sums_to_one_and_a_pixel_says_which_it_is_of(see_blob, blob, blob_renderer, blob_pose):
    learned = learned_from(see_blob(blob_pose), blob, blob_renderer)
    np.testing.assert_allclose([learned.foreground.sum(), learned.background.sum()], 1, rtol=1e-4)
    moved = se3.apply_twist(blob_pose, np.array([0.02, -0.01, 0.03, 0.2, -0.3, 0.4]), blob.centre_m)
    probability, mask = judged(see_blob(moved), blob, learned)
    assert probability[mask].mean() > 0.85
    assert probability[~mask].mean() < 0.2


def test_what_stands_in_front_is_not_learned_as_the_object(see_blob, blob, blob_renderer, blob_pose):
    view = see_blob(blob_pose)
    rgb, depth_m = view.frame.rgb.copy(), view.frame.depth_m.copy()
    rows, columns = np.nonzero(view.mask)
    part = (slice(rows.min(), rows.max()), slice(columns.min(), int(columns.mean())))
    rgb[part], depth_m[part] = (20, 20, 200), 0.3
    covered = replace(view, frame=replace(view.frame, rgb=rgb, depth_m=depth_m))
    learned = learned_from(covered, blob, blob_renderer)
    blue = learned.foreground[..., 8:].sum()
    assert blue < 0.05


def test_nothing_is_learned_of_what_is_out_of_sight(see_blob, blob, blob_renderer, blob_pose):
    view = see_blob(blob_pose)
    hidden = replace(view.frame, depth_m=np.full_like(view.frame.depth_m, 0.2))
    assert learned_from(replace(view, frame=hidden), blob, blob_renderer) is None


def test_older_colours_fade(see_blob, blob, blob_renderer, blob_pose):
    learned = learned_from(see_blob(blob_pose), blob, blob_renderer)
    newer = LearnedColours(learned.background, learned.foreground, 5)
    blended = learned.blended(newer, 0.25)
    np.testing.assert_allclose(blended.foreground, 0.75 * learned.foreground + 0.25 * learned.background, atol=1e-6)
    assert blended.stamp_ns == 5


def test_the_object_is_like_what_was_learned_of_it_and_what_is_beside_it_is_not(
    see_blob, blob, blob_renderer, blob_pose
):
    learned = learned_from(see_blob(blob_pose), blob, blob_renderer)
    moved = see_blob(se3.apply_twist(blob_pose, np.array([0.04, 0.02, 0.1, 0.3, 0.2, -0.4]), blob.centre_m))
    alike, other = (learned.likeness(moved.frame, mask) for mask in (moved.mask, ~moved.mask))
    assert 0.8 < alike <= 1.0001
    assert other < 0.3
    assert learned.likeness(moved.frame, np.zeros_like(moved.mask)) == 0


def test_what_is_nearer_than_the_object_says_nothing(see_blob, blob, blob_renderer, blob_pose):
    view = see_blob(blob_pose)
    learned = learned_from(view, blob, blob_renderer)
    near = replace(view.frame, depth_m=np.full_like(view.frame.depth_m, 0.3))
    seen = Crop.around_pose(near, blob, blob_pose, 1.15, learned).observe(SIZE)
    assert (seen.foreground.probability == 0.5).all()


def test_a_lamp_that_goes_out_changes_nothing(see_blob, blob, blob_renderer, blob_pose):
    learned = learned_from(see_blob(blob_pose), blob, blob_renderer)
    moved = see_blob(se3.apply_twist(blob_pose, np.array([0.005, 0.002, 0.0, 0.02, 0.01, 0.0]), blob.centre_m))
    dark = replace(moved.frame, rgb=(0.4 * moved.frame.rgb).astype(np.uint8))
    assert learned.likeness(dark, moved.mask) > 0.8
    assert learned.likeness(dark, ~moved.mask) < 0.3
    late = replace(dark, stamp_ns=5_000_000_000)
    assert learned.likeness(late, moved.mask) < 0.3
