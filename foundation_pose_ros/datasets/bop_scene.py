"""One scene of a dataset in BOP format (Hodan et al., ECCV 2018): millimetres, instances by number."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..arrays import Mask, Pose
from ..camera import Camera
from ..errors import InputRefused
from ..frame import Frame
from ..object_model.model import ObjectModel
from ..object_model.symmetry import Symmetries
from .bop_instances import TARGETS, BopInstance, BopTarget, label_of, read_instances, wanted_counts
from .bop_json import read_entries
from .image_files import images_by_stem, read_depth_m, read_mask, read_rgb
from .sequence import FRAME_ID, ModelCache, known_object, position_of, stamp_ns_of

MODEL_ROOMS = ("models", "models_eval", "models_cad")
# The meshes that the challenge measures errors with: simplified, without colour.
JUDGED_ROOMS = ("models_eval", "models")
# Symmetries and diameters are those that the challenge measures with, wherever the mesh is from.
INFO_ROOMS = ("models_eval", "models", "models_cad")


class BopScene:
    """scene_camera.json, scene_gt.json, scene_gt_info.json, rgb/ or gray/, depth/, mask_visib/.

    The nth instance of object 5 in an image is `obj_000005` (n = 1), then `obj_000005_2`, ...; all share the model
    `obj_000005` of `models/` (or models_eval/, models_cad/) in the dataset's root, with the symmetries that a
    models_info.json declares, that of models_eval/ before that of models/; where none does, they are found from the
    mesh. Instances of which less than a tenth is visible count as absent, as in the BOP challenge: no mask, no truth.
    """

    def __init__(self, path: Path, models: Path | None = None, unit: str = "mm") -> None:
        self._path = path
        self._unit = unit
        self._models = models
        self._cameras = read_entries(path / "scene_camera.json")
        self._rgb = images_by_stem(path / "rgb") or images_by_stem(path / "gray")
        self._depth = images_by_stem(path / "depth")
        self._masks = images_by_stem(path / "mask_visib")
        if not self._rgb:
            raise InputRefused("no_frames", f"{path} has no images in rgb/ or gray/: unpack the dataset's images there")
        if not self._depth:
            raise InputRefused("no_frames", f"{path / 'depth'} has no images: unpack the dataset's depth images there")
        self.name = f"{path.resolve().parent.name}/{path.resolve().name}"
        self.frame_ids = [stem for stem in self._rgb if stem.isdigit() and str(int(stem)) in self._cameras]
        if not self.frame_ids:
            raise InputRefused("no_frames", f"{path / 'scene_camera.json'} knows none of the images in {path / 'rgb'}")
        self._frame_id_of = {int(frame_id): frame_id for frame_id in self.frame_ids}  # by the image's number
        self._instances = read_instances(path, self.frame_ids)
        self.object_names = sorted({name for _, name in self._visible()})
        self._model = ModelCache(self._load_model)
        self.scene_id = int(path.resolve().name) if path.resolve().name.isdigit() else 0

    def frame(self, frame_id: str) -> Frame:
        index = position_of(frame_id, self.frame_ids, self._path)
        settings = self._cameras[str(int(frame_id))]
        try:
            K = np.asarray(settings["cam_K"], np.float64).reshape(3, 3)
            depth_scale_mm = float(settings["depth_scale"])
        except (KeyError, ValueError, TypeError) as error:
            raise InputRefused(
                "bad_intrinsics",
                f"{self._path / 'scene_camera.json'} lacks cam_K (9 numbers) or depth_scale for frame {frame_id} "
                f"({error}): take it from the dataset",
            ) from None
        rgb = read_rgb(self._rgb[frame_id])
        depth_m = read_depth_m(
            self._depth.get(frame_id, self._path / "depth" / f"{frame_id}.png"), metres_per_unit=depth_scale_mm / 1000.0
        )
        return Frame(rgb, depth_m, Camera.from_K(K, rgb.shape[1], rgb.shape[0]), stamp_ns_of(index), FRAME_ID)

    def mask(self, frame_id: str, object_name: str) -> Mask | None:
        instance = self._instance(frame_id, object_name)
        path = None if instance is None else self._masks.get(f"{int(frame_id):06d}_{instance.number:06d}")
        return None if path is None else read_mask(path)

    def truth(self, frame_id: str, object_name: str) -> Pose | None:
        instance = self._instance(frame_id, object_name)
        return None if instance is None else instance.T_cam_obj

    def model(self, object_name: str) -> ObjectModel:
        return self._model(_class_of(known_object(object_name, self.object_names, self._path)))

    def object_id(self, object_name: str) -> int:
        """Return the dataset's number of an instance's class."""
        return int(_class_of(object_name).removeprefix("obj_"))

    def has_image(self, image_id: int) -> bool:
        """Tell whether the scene has an image of that number."""
        return image_id in self._frame_id_of

    def has_object(self, object_id: int) -> bool:
        """Tell whether the dataset has a mesh of that object."""
        return any((room / f"{label_of(object_id)}.ply").is_file() for room in self._rooms(MODEL_ROOMS))

    def targets(self) -> list[BopTarget]:
        """Return what the challenge asks for.

        test_targets_bop19.json in the dataset's root says how many of which objects: the most visible ones, however
        hidden. Without that file, all that count as visible.
        """
        wanted = self._wanted()
        if wanted is None:
            return self.targets_of(self._visible())
        targets = []
        for (image_id, object_id), count in wanted.items():
            instances = self._instances.get(self._frame_id_of.get(image_id, ""), {}).values()
            shown = [instance for instance in instances if instance.object_id == object_id]
            if shown and count > 0:
                targets.append(BopTarget.of(self._frame_id_of[image_id], object_id, shown, count))
        return targets

    def targets_of(self, names: Iterable[tuple[str, str]]) -> list[BopTarget]:
        """Return as targets the instances of which frame id and object name are given."""
        shown: dict[tuple[str, int], list[BopInstance]] = defaultdict(list)
        for frame_id, name in names:
            instance = self._instance(frame_id, name)
            if instance is not None:
                shown[frame_id, instance.object_id].append(instance)
        return [BopTarget.of(frame_id, object_id, instances) for (frame_id, object_id), instances in shown.items()]

    def missing_target_images(self) -> list[int]:
        """Return the numbers of images that the challenge asks for and the scene hasn't."""
        return sorted({image_id for image_id, _ in self._wanted() or ()} - self._frame_id_of.keys())

    def _wanted(self) -> dict[tuple[int, int], int] | None:
        roots = [root for root in self._dataset_roots() if (root / TARGETS).is_file()]
        return wanted_counts(roots[0] / TARGETS, self.scene_id) if roots else None

    def evaluation_model(self, object_id: int) -> ObjectModel:
        """Return the mesh that errors are measured with: of models_eval/ where that is there."""
        judged = self._load_model(label_of(object_id), JUDGED_ROOMS)
        # Without models_info.json the print tells sides apart, and only the other mesh has it.
        return replace(judged, declared_symmetries=self._model(label_of(object_id)).symmetries)

    def diameter_m(self, object_id: int) -> float:
        """Return what models_info.json has; the mesh's own where there is none."""
        info = self._model_info(label_of(object_id))
        try:
            return float(info["diameter"]) / 1000 if "diameter" in info else self._model(label_of(object_id)).diameter_m
        except (TypeError, ValueError):
            raise InputRefused(
                "bad_json", f"models_info.json: the diameter of object {object_id} is no number: unpack it again"
            ) from None

    def _visible(self) -> list[tuple[str, str]]:
        """Frame id and object name of every instance that counts as visible."""
        return [
            (frame_id, name)
            for frame_id, instances in self._instances.items()
            for name, instance in instances.items()
            if instance.visible
        ]

    def _instance(self, frame_id: str, object_name: str) -> BopInstance | None:
        known_object(object_name, self.object_names, self._path)
        position_of(frame_id, self.frame_ids, self._path)
        instance = self._instances[frame_id].get(object_name)
        return instance if instance is not None and instance.visible else None

    def _dataset_roots(self) -> list[Path]:
        """Folders that may be the dataset's root: a scene is one to three levels below it."""
        return list(self._path.resolve().parents)[:3]

    def _rooms(self, names: tuple[str, ...]) -> list[Path]:
        if self._models is not None:
            return [self._models]
        return [root / name for root in self._dataset_roots() for name in names]

    def _models_root(self, label: str, rooms: tuple[str, ...] = MODEL_ROOMS) -> Path:
        for root in self._rooms(rooms):
            if (root / f"{label}.ply").is_file():
                return root
        looked_in = self._models or f"{', '.join(MODEL_ROOMS)} of the dataset above {self._path}"
        raise InputRefused(
            "mesh_missing",
            f"{label}.ply is not in {looked_in}: unpack the dataset's models there, or name their folder with --models",
        )

    def mesh_file(self, object_name: str) -> tuple[Path, str]:
        """Return the file that the object's model is read from, and its unit."""
        label = _class_of(known_object(object_name, self.object_names, self._path))
        return self._models_root(label) / f"{label}.ply", self._unit

    def _load_model(self, label: str, rooms: tuple[str, ...] = MODEL_ROOMS) -> ObjectModel:
        info = self._model_info(label)
        symmetries = Symmetries.from_bop(info) if info else None
        path = self._models_root(label, rooms) / f"{label}.ply"
        return ObjectModel.from_mesh(path, name=label, unit=self._unit, symmetries=symmetries)

    def _model_info(self, label: str) -> dict[str, Any]:
        """The object's entry in the first models_info.json that has one; empty where there is none."""
        number = str(int(label.removeprefix("obj_")))
        files = [room / "models_info.json" for room in self._rooms(INFO_ROOMS)]
        entries = (read_entries(path).get(number) for path in files if path.is_file())
        return next((entry for entry in entries if entry), {})


def _class_of(object_name: str) -> str:
    return "_".join(object_name.split("_")[:2])
