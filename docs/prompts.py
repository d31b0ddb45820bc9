"""Makes docs/images/prompts.jpg: each way to begin, and the pose that came of it, in a made-up scene.

sh environment/run --for tests python docs/prompts.py
"""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from foundation_pose_ros import Frame, ObjectModel, PoseEstimator, PoseResult
from foundation_pose_ros.arrays import Mask, Rgb
from foundation_pose_ros.object_model.surface_distance import SurfaceDistance
from foundation_pose_ros.overlay import OverlayPose, contact_sheet, draw_overlay
from foundation_pose_ros.prompts.known_names import KnownNames
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from universeg_ros.segmenter import Segmenter, object_mask
from universeg_ros.support.found_in_pictures import support_found
from universeg_ros.support.support_set import SupportSet

FILE = Path(__file__).resolve().parent / "images" / "prompts.jpg"
SCENE = SceneSettings(seed=21, frames=40, objects=["mug", "book", "soda_can"], clutter=4, supersample=2)
NAME, WORDS, ALIASES = "mug", "the coffee cup", ["mug: coffee cup, cup"]
EXAMPLES_IN, SHOWN = (0, 6, 12), 30
GIVEN_RGB, POSE_RGB = (255, 0, 200), (0, 220, 120)
_WIDER_PX = 10


def main() -> None:
    """Begin in each way, draw what was given and the pose, and print how far off it is."""
    scene = make_scene(SCENE)
    frame, mask = scene.frame(scene.frame_ids[SHOWN]), scene.mask(scene.frame_ids[SHOWN], NAME)
    model, T_true = scene.model(NAME), scene.truth(scene.frame_ids[SHOWN], NAME)
    earlier = [(scene.frame(scene.frame_ids[k]), scene.mask(scene.frame_ids[k], NAME)) for k in EXAMPLES_IN]
    assert mask is not None and T_true is not None and all(marked is not None for _, marked in earlier)
    distance = SurfaceDistance(model.vertices, model.symmetries)
    pictures, captions = [], []
    for title, given, result in ways(PoseEstimator([model]), frame, mask, earlier):
        off_mm = 1000 * float(distance(result.T_cam_obj[None], T_true)[0])
        pictures.append(drawn(frame, given, model, result))
        captions.append(f"{title}: score {result.score:.2f}, {off_mm:.1f} mm off")
        print(captions[-1])
    Image.fromarray(contact_sheet(pictures, 3, captions, 420)).save(FILE, quality=88)


def ways(
    estimator: PoseEstimator, frame: Frame, mask: Mask, earlier: list[tuple[Frame, Mask]]
) -> Iterator[tuple[str, Mask | None, PoseResult]]:
    """Yield each way in words, the region that it gave (H, W) bool or None, and the pose."""
    (found,) = estimator.search(frame, [NAME])
    yield "nothing: a search", None, found
    yield "a mask", mask, estimator.register(frame, mask, NAME)
    wide = cv2.dilate(mask.astype(np.uint8), np.ones((2 * _WIDER_PX + 1,) * 2, np.uint8)) > 0
    yield f"a mask {_WIDER_PX} pixels too wide", wide, estimator.register(frame, wide, NAME)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = np.zeros_like(mask)
    box[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = True
    yield "a detector's box", box, estimator.register(frame, box, NAME)
    v, u = (float(x) for x in np.argwhere(mask).mean(axis=0).round())
    thing = estimator.thing_at(frame, u, v, NAME)
    yield f"a click at ({u:.0f}, {v:.0f}), in RViz or an image", thing.mask, estimator.find(frame, thing, NAME)
    examples = SupportSet()
    for picture, marked in earlier:
        examples.add(picture.rgb, marked)
    segmented = object_mask(Segmenter().set_support(examples), frame.rgb)
    yield f"{len(earlier)} images with masks", segmented, estimator.register(frame, segmented, NAME)
    learned = support_found(estimator.models[NAME], [picture for picture, _ in earlier])
    segmented = object_mask(Segmenter().set_support(learned), frame.rgb)
    yield "the model alone, for masks", segmented, estimator.register(frame, segmented, NAME)
    named = KnownNames(ALIASES).object_of(WORDS, {NAME: NAME})
    assert named is not None, "an alias of it"
    (found,) = estimator.search(frame, [named])
    yield f'words, "{WORDS}"', None, found


def drawn(frame: Frame, given: Mask | None, model: ObjectModel, result: PoseResult) -> Rgb:
    """Draw the border of what was given, and the pose."""
    picture = draw_overlay(frame.rgb, frame.camera, [OverlayPose(model, result.T_cam_obj, NAME, POSE_RGB)])
    if given is not None:
        borders, _ = cv2.findContours(given.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(picture, borders, -1, GIVEN_RGB, 2)
    return picture


if __name__ == "__main__":
    main()
