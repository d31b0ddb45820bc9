"""A recording as a folder of images: rgb/, depth/, K.txt, masks/OBJECT/, mesh/OBJECT/, gt/OBJECT/."""

from pathlib import Path

from ..arrays import Mask, Pose
from ..camera import Camera
from ..errors import InputRefused
from ..frame import Frame
from ..object_model.mesh_size import MESH_SUFFIXES
from ..object_model.model import ObjectModel
from .image_files import checked_pose, images_by_stem, read_depth_m, read_mask, read_matrix, read_rgb
from .sequence import FRAME_ID, ModelCache, known_object, position_of, stamp_ns_of


class SequenceFolder:
    """rgb/*.png of 8 bits, depth/*.png of 16 bits in millimetres and aligned with rgb, one K.txt (3x3, pixels) for all.

    masks/OBJECT/*.png (0 outside), mesh/OBJECT/* and gt/OBJECT/*.txt (4x4 object to camera, metres) as far as there
    are any. Only gt/ is truth: folders of weaker reference poses beside it are not read.
    """

    def __init__(self, path: Path, models: Path | None = None, unit: str = "m") -> None:
        self._path = path
        self._meshes = models if models is not None else path / "mesh"
        self._unit = unit
        self._rgb = images_by_stem(path / "rgb")
        self._depth = images_by_stem(path / "depth")
        if not self._rgb:
            raise InputRefused("no_frames", f"{path / 'rgb'} has no images: put one PNG per frame there")
        if not self._rgb.keys() & self._depth.keys():
            raise InputRefused(
                "no_frames",
                f"{path / 'depth'} has no image named like one in rgb/ ({next(iter(self._rgb.values())).name}, ...): "
                "put the depth of each frame there, 16 bits, in millimetres, aligned with colour",
            )
        self._K = read_matrix(path / "K.txt", (3, 3), "the camera's intrinsic matrix in pixels")
        self._model = ModelCache(self._load_model)
        self._masks: dict[str, dict[str, Path]] = {}
        self.name = path.resolve().name
        self.frame_ids = list(self._rgb)
        rooms = [path / room for room in ("masks", "gt", "mesh")]
        self.object_names = sorted({p.name for room in rooms if room.is_dir() for p in room.iterdir() if p.is_dir()})

    def frame(self, frame_id: str) -> Frame:
        index = position_of(frame_id, self.frame_ids, self._path)
        rgb = read_rgb(self._rgb[frame_id])
        depth_m = read_depth_m(self._depth.get(frame_id, self._path / "depth" / f"{frame_id}.png"))
        camera = Camera.from_K(self._K, rgb.shape[1], rgb.shape[0])
        return Frame(rgb, depth_m, camera, stamp_ns_of(index), FRAME_ID)

    def mask(self, frame_id: str, object_name: str) -> Mask | None:
        known_object(object_name, self.object_names, self._path)
        if object_name not in self._masks:
            self._masks[object_name] = images_by_stem(self._path / "masks" / object_name)
        path = self._masks[object_name].get(frame_id)
        return None if path is None else read_mask(path)

    def truth(self, frame_id: str, object_name: str) -> Pose | None:
        known_object(object_name, self.object_names, self._path)
        path = self._path / "gt" / object_name / f"{frame_id}.txt"
        if not path.is_file():
            return None
        return checked_pose(read_matrix(path, (4, 4), "the object-to-camera pose in metres"), path)

    def model(self, object_name: str) -> ObjectModel:
        return self._model(known_object(object_name, self.object_names, self._path))

    def mesh_file(self, object_name: str) -> tuple[Path, str]:
        """Return the file that the object's model is read from, and its unit."""
        folder = self._meshes / known_object(object_name, self.object_names, self._path)
        files = [p for p in folder.iterdir() if p.suffix.lower() in MESH_SUFFIXES] if folder.is_dir() else []
        if not files:
            raise InputRefused(
                "mesh_missing",
                f"{folder} has no mesh of {object_name}: put an OBJ, GLB, PLY or STL file there, in metres",
            )
        return min(files, key=lambda p: (MESH_SUFFIXES.index(p.suffix.lower()), p.name)), self._unit

    def _load_model(self, object_name: str) -> ObjectModel:
        path, unit = self.mesh_file(object_name)
        return ObjectModel.from_mesh(path, name=object_name, unit=unit)
