"""Which poses of a results file are of the scenes that they are to be judged by, in words."""

from collections import Counter
from collections.abc import Iterable

from ..datasets.bop_instances import TARGETS
from ..datasets.bop_scene import BopScene
from ..errors import InputRefused
from .bop_results import BopResult

_MOST_LISTED = 5


def remarks_on(scenes: list[BopScene], results: list[BopResult]) -> list[str]:
    """Say what of the poses and of the targets is left out of the scores, a sentence each; nothing where all counts.

    Estimates of known images and objects that aren't asked for are no remark: the official evaluation leaves them out,
    too. Raises InputRefused where no pose is of anything that is asked for.
    """
    unknown = _unknown(scenes, results)
    lacking = [_lacking_images(scene) for scene in scenes if scene.missing_target_images()]
    asked = {(scene.scene_id, int(target.frame_id), target.object_id) for scene in scenes for target in scene.targets()}
    if not asked:
        given = _listed(scene.scene_id for scene in scenes)
        raise InputRefused(
            "no_targets",
            f"nothing is to be found in scene {given} ({TARGETS}, or scene_gt.json where there is no such file): "
            "give scenes of the set that the poses are for",
        )
    if not any((result.scene_id, result.image_id, result.object_id) in asked for result in results):
        reasons = unknown or ["its images and objects are there, but not asked for"]
        raise InputRefused(
            "nothing_judged",
            f"no pose of the file is of anything that is asked for: {'; '.join(reasons)}; "
            "give the scenes that its numbers mean, or number scenes, images and objects as the dataset does",
        )
    return [f"{reason}: left out" for reason in unknown] + lacking


def _unknown(scenes: list[BopScene], results: list[BopResult]) -> list[str]:
    by_id = {scene.scene_id: scene for scene in scenes}
    objects = {(result.scene_id, result.object_id) for result in results if result.scene_id in by_id}
    without_mesh = {(scene_id, name) for scene_id, name in objects if not by_id[scene_id].has_object(name)}
    of_scenes, of_images, of_objects = Counter[str](), Counter[str](), Counter[str]()
    for result in results:
        scene = by_id.get(result.scene_id)
        if scene is None:
            of_scenes[str(result.scene_id)] += 1
        elif not scene.has_image(result.image_id):
            of_images[f"{result.image_id} of scene {scene.scene_id}"] += 1
        elif (result.scene_id, result.object_id) in without_mesh:
            of_objects[str(result.object_id)] += 1
    kinds = {
        "scenes that aren't given": of_scenes,
        "images that the scenes don't have": of_images,
        "objects that the dataset has no mesh of": of_objects,
    }
    return [
        f"{found.total()} of {len(results)} poses are of {kind} ({_listed(found)})"
        for kind, found in kinds.items()
        if found
    ]


def _lacking_images(scene: BopScene) -> str:
    missing = scene.missing_target_images()
    return (
        f"scene {scene.scene_id} lacks {len(missing)} images that {TARGETS} asks for ({_listed(missing)}): "
        "what is in them isn't counted; unpack the whole scene"
    )


def _listed(names: Iterable[object]) -> str:
    words = [str(name) for name in names]
    return ", ".join(words[:_MOST_LISTED]) + (", ..." if len(words) > _MOST_LISTED else "")
