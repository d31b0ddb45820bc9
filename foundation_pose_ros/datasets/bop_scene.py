"""One scene of a dataset in BOP format (Hodan et al., ECCV 2018): millimetres, instances by number."""

import json
from collections import Counter
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
from .image_files import checked_pose, images_by_stem, read_depth_m, read_mask, read_rgb
from .sequence import FRAME_ID, ModelCache, known_object, position_of, stamp_ns_of

# The BOP challenge leaves instances out of its targets of which less than this share is visible.
MIN_VISIBLE_FRACTION = 0.1
MODEL_ROOMS = ("models", "models_eval", "models_cad")
# The meshes that the challenge measures errors with: simplified, without colour.
JUDGED_ROOMS = ("models_eval", "models")
TARGETS = "test_targets_bop19.json"


class BopScene:
    """scene_camera.json, scene_gt.json, scene_gt_info.json, rgb/ or gray/, depth/, mask_visib/.

    The nth instance of object 5 in an image is `obj_000005` (n = 1), then `obj_000005_2`, ...; all share the model
    `obj_000005` of `models/` (or models_eval/, models_cad/) in the dataset's root, with the symmetries that the
    models_info.json there declares; without that file they are found from the mesh. Instances of which less than a
    tenth is visible count as absent, as in the BOP challenge: no mask, no truth.
    """

    def __init__(self, path: Path, models: Path | None = None, unit: str = "mm") -> None:
        self._path = path
        self._unit = unit
        self._models = models
        self._cameras = self._read_json("scene_camera.json")
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
        self._instances = self._index_instances()
        self.object_names = sorted({name for instances in self._instances.values() for name in instances})
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
        path = None if instance is None else self._masks.get(f"{int(frame_id):06d}_{instance[0]:06d}")
        return None if path is None else read_mask(path)

    def truth(self, frame_id: str, object_name: str) -> Pose | None:
        instance = self._instance(frame_id, object_name)
        return None if instance is None else instance[1]

    def model(self, object_name: str) -> ObjectModel:
        return self._model(_class_of(known_object(object_name, self.object_names, self._path)))

    def object_id(self, object_name: str) -> int:
        """Return the dataset's number of an instance's class."""
        return int(_class_of(object_name).removeprefix("obj_"))

    def targets(self) -> list[tuple[str, str]]:
        """Return frame id and object name of every instance that the challenge asks for.

        Those of test_targets_bop19.json in the dataset's root; without that file, all with a true pose.
        """
        instances = [(frame_id, name) for frame_id, names in self._instances.items() for name in names]
        roots = [root for root in list(self._path.resolve().parents)[:3] if (root / TARGETS).is_file()]
        if not roots:
            return instances
        path = roots[0] / TARGETS
        try:
            entries = json.loads(path.read_text())
            wanted = {(int(e["scene_id"]), int(e["im_id"]), int(e["obj_id"])) for e in entries}
        except (ValueError, TypeError, KeyError) as error:
            raise InputRefused("bad_json", f"{path} can't be read ({error}): unpack it again, or remove it") from None
        return [(f, name) for f, name in instances if (self.scene_id, int(f), self.object_id(name)) in wanted]

    def evaluation_model(self, object_id: int) -> ObjectModel:
        """Return the mesh that errors are measured with: of models_eval/ where that is there."""
        judged = self._load_model(_label(object_id), JUDGED_ROOMS)
        # Without models_info.json the print tells sides apart, and only the other mesh has it.
        return replace(judged, declared_symmetries=self._model(_label(object_id)).symmetries)

    def diameter_m(self, object_id: int) -> float:
        """Return what models_info.json has; the mesh's own where there is none."""
        info = self._model_info(self._models_root(_label(object_id), JUDGED_ROOMS), _label(object_id))
        try:
            return float(info["diameter"]) / 1000 if "diameter" in info else self._model(_label(object_id)).diameter_m
        except (TypeError, ValueError):
            raise InputRefused(
                "bad_json", f"models_info.json: the diameter of object {object_id} is no number: unpack it again"
            ) from None

    def _instance(self, frame_id: str, object_name: str) -> tuple[int, np.ndarray] | None:
        known_object(object_name, self.object_names, self._path)
        position_of(frame_id, self.frame_ids, self._path)
        return self._instances[frame_id].get(object_name)

    def _index_instances(self) -> dict[str, dict[str, tuple[int, np.ndarray]]]:
        """Per frame and object name: the instance's number in the image (which names its mask) and T_cam_obj."""
        truths = self._read_json("scene_gt.json", needed=False)
        infos = self._read_json("scene_gt_info.json", needed=False)
        frames: dict[str, dict[str, tuple[int, np.ndarray]]] = {}
        for frame_id in self.frame_ids:
            key, counted, instances = str(int(frame_id)), Counter[str](), {}
            for number, entry in enumerate(truths.get(key, [])):
                source = f"{self._path / 'scene_gt.json'}: frame {key}, instance {number}"
                try:
                    label = _label(int(entry["obj_id"]))
                    visible_fraction = infos[key][number].get("visib_fract", 1.0) if key in infos else 1.0
                except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
                    raise InputRefused(
                        "bad_json",
                        f"{source} has no obj_id, or no entry in scene_gt_info.json ({error}): unpack them again",
                    ) from None
                counted[label] += 1
                name = label if counted[label] == 1 else f"{label}_{counted[label]}"
                if visible_fraction < MIN_VISIBLE_FRACTION:
                    continue
                instances[name] = (number, _pose(entry, source))
            frames[frame_id] = instances
        return frames

    def _models_root(self, label: str, rooms: tuple[str, ...] = MODEL_ROOMS) -> Path:
        if self._models is not None:
            roots = [self._models]
        else:
            roots = [parent / room for parent in list(self._path.resolve().parents)[:3] for room in rooms]
        for root in roots:
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
        root = self._models_root(label, rooms)
        info = self._model_info(root, label)
        symmetries = Symmetries.from_bop(info) if info else None
        return ObjectModel.from_mesh(root / f"{label}.ply", name=label, unit=self._unit, symmetries=symmetries)

    def _model_info(self, root: Path, label: str) -> dict[str, Any]:
        """The object's entry in models_info.json; empty where there is none."""
        path = root / "models_info.json"
        return (_json_of(path).get(str(int(label.removeprefix("obj_")))) or {}) if path.is_file() else {}

    def _read_json(self, name: str, needed: bool = True) -> dict[str, Any]:
        path = self._path / name
        return _json_of(path) if needed or path.is_file() else {}


def _json_of(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text())
    except ValueError as error:
        raise InputRefused("bad_json", f"{path} is not JSON ({error}): unpack it again") from None
    if not isinstance(content, dict):
        raise InputRefused("bad_json", f"{path} holds no entries by number: unpack it again")
    return content


def _pose(entry: dict[str, Any], source: str) -> Pose:
    try:
        T = np.eye(4)
        T[:3, :3] = np.asarray(entry["cam_R_m2c"], np.float64).reshape(3, 3)
        T[:3, 3] = np.asarray(entry["cam_t_m2c"], np.float64) / 1000.0
    except (KeyError, ValueError, TypeError) as error:
        raise InputRefused(
            "bad_pose",
            f"{source} has no cam_R_m2c (9 numbers) and cam_t_m2c (3, millimetres) ({error}): unpack it again",
        ) from None
    return checked_pose(T, source)


def _label(object_id: int) -> str:
    return f"obj_{object_id:06d}"


def _class_of(object_name: str) -> str:
    return "_".join(object_name.split("_")[:2])
