"""How often an object model alone finds its object: support set from the mesh, mask from that, pose from the mask.

python -m benchmarks.segmentation.first_masks
"""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from benchmarks.reporting import reconstruction_tables
from benchmarks.reporting.documents import publish
from benchmarks.reporting.parts import Part
from foundation_pose_ros.arrays import Pose
from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.estimator import PoseEstimator
from foundation_pose_ros.evaluation.metrics import adds_m
from foundation_pose_ros.object_model.model import ObjectModel
from foundation_pose_ros.runtime.provenance import provenance
from foundation_pose_ros.synthetic.meshes import make_mesh
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from universeg_ros.segmenter import Segmenter, object_mask
from universeg_ros.segmenter_settings import SegmenterSettings
from universeg_ros.support.from_object_model import support_from_model

OBJECTS = ("cracker_box", "sticker_cube", "mug", "soda_can", "bottle")
_FIRST_SCENE = 9000
_ENOUGH_SCORE = 0.5


def measure(objects: tuple[str, ...] = OBJECTS, scenes: int = 4, examples: int = 16) -> dict[str, Any]:
    """Measure each object's overlap (IoU) of masks, and registrations within a tenth of the diameter.

    trusted: those that come with a score of 0.5 or more, and how many of them are right; with_true_mask: right from the
    true mask of the same frames, the most that a mask can give.
    """
    rows = []
    for name in objects:
        model = ObjectModel.from_mesh(make_mesh(name, 0), name=name)
        segmenter = Segmenter(settings=SegmenterSettings(support_size=examples, zoom="always"))
        segmenter.set_support(support_from_model(model, examples))
        estimator = PoseEstimator([model])
        frames = [_frame(segmenter, estimator, model, _FIRST_SCENE + k) for k in range(scenes)]
        trusted = [frame for frame in frames if frame["score"] >= _ENOUGH_SCORE]
        rows.append(
            {
                "object": name,
                "n": len(frames),
                "median_iou": float(np.median([frame["iou"] for frame in frames])),
                "right": sum(frame["right"] for frame in frames),
                "trusted": len(trusted),
                "trusted_right": sum(frame["right"] for frame in trusted),
                "with_true_mask": sum(frame["right_with_true_mask"] for frame in frames),
            }
        )
    return provenance({"scenes": scenes}) | {"examples": examples, "objects": rows}


def _frame(segmenter: Segmenter, estimator: PoseEstimator, model: ObjectModel, seed: int) -> dict[str, Any]:
    scene = make_scene(SceneSettings(seed=seed, frames=1, objects=[model], clutter=5))
    frame_id = scene.frame_ids[0]
    frame, truth, true_mask = scene.frame(frame_id), scene.truth(frame_id, model.name), scene.mask(frame_id, model.name)
    assert true_mask is not None
    points = model.surface_points(2000)

    def right(T_cam_obj: Pose) -> bool:
        return adds_m(T_cam_obj, truth, points) < 0.1 * model.diameter_m

    found = {"right_with_true_mask": right(estimator.register(frame, true_mask).T_cam_obj)}
    try:
        mask = object_mask(segmenter, frame.rgb)
        result = estimator.register(frame, mask)
    except InputRefused:
        return found | {"iou": 0.0, "score": 0.0, "right": False}
    iou = float((mask & true_mask).sum() / (mask | true_mask).sum())
    return found | {"iou": iou, "score": result.score, "right": right(result.T_cam_obj)}


def main(
    output: Annotated[Path | None, typer.Option(help="The JSON file; without it the part's own.")] = None,
    scenes: Annotated[int, typer.Option(help="Scenes per object.")] = 4,
) -> None:
    """Measure, and write JSON and the table in the documents."""
    report = measure(scenes=scenes) | {"command": f"python -m benchmarks.segmentation.first_masks --scenes {scenes}"}
    publish(PART, report, output)


PART = Part(
    name="first_masks",
    about="how often an object model alone finds its object",
    result="first_masks.json",
    tables={"first_masks": reconstruction_tables.first_masks},
    measure=lambda scope: measure(OBJECTS[:1], scenes=1) if scope.quick else measure(),
    in_bench=False,
)


if __name__ == "__main__":
    typer.run(main)
