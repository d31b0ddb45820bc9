"""Reference views from a folder: the layout that FoundationPose uses, a sequence folder, or a BOP scene."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...arrays import Intrinsics, Pose
from ...camera import Camera
from ...datasets.image_files import checked_pose, images_by_stem, read_depth_m, read_mask, read_matrix, read_rgb
from ...datasets.open_sequence import open_sequence
from ...datasets.sequence import FRAME_ID, Sequence, known_object, stamp_ns_of
from ...errors import InputRefused
from ...frame import Frame
from ...se3 import inverse
from ..reference_view import ReferenceView
from .calibration_board import Board

# Rooms by what they hold, the first that is there counts.
_DEPTH_ROOMS = ("depth", "depth_enhanced")
_MASK_ROOMS = ("masks", "mask")
# Which way a room's poses map by its name; whether they do is found out by `view_checks`.
_CAM_IN_OBJ_ROOMS, _OBJ_IN_CAM_ROOMS = ("cam_in_ob",), ("gt", "ob_in_cam", "poses")
# A view takes 8 bytes per pixel: of a longer recording so many are read, evenly spread.
_MOST_PIXELS = 60_000_000


def read_views(
    path: str | Path, object_name: str | None = None, board: Board | None = None
) -> tuple[ReferenceView, ...]:
    """Read all views of one object; those without a mask are left out, and where some have poses those without as well.

    A folder holds rgb/, depth/ (16 bits, mm; or depth_enhanced/), masks/ (or mask/) and K.txt, and as far as poses are
    known cam_in_ob/ (4x4, camera to object) or gt/ (object to camera), metres; masks and poses stand in the room
    itself, or in a folder per object. Or a scene in BOP format. board: poses come from a printed board that the object
    stands on, and so do masks where there are none. Raises InputRefused, naming the file and the fix.
    """
    path = Path(path).expanduser()
    if (path / "scene_camera.json").is_file() or not (path / "rgb").is_dir():
        return _from_sequence(open_sequence(path), object_name)
    return _from_folder(path, object_name, board)


def _from_sequence(sequence: Sequence, object_name: str | None) -> tuple[ReferenceView, ...]:
    name = _the_object(object_name, sequence.object_names, sequence.name)
    views = []
    for frame_id in sequence.frame_ids:
        mask, T_cam_obj = sequence.mask(frame_id, name), sequence.truth(frame_id, name)
        if mask is not None and T_cam_obj is not None:
            views.append((frame_id, mask, T_cam_obj))
    if not views:
        raise InputRefused("no_masks", f"{sequence.name} has no frame with mask and pose of {name}: unpack mask_visib/")
    kept = _spread(len(views), views[0][1].size)
    return tuple(ReferenceView(sequence.frame(views[k][0]), *views[k][1:], name=views[k][0]) for k in kept)


def _from_folder(path: Path, object_name: str | None, board: Board | None) -> tuple[ReferenceView, ...]:
    files = _ViewFiles.found(path, object_name, with_poses=board is None)
    stems = files.complete_stems(masks_needed=board is None)
    if not stems:
        raise InputRefused(
            "no_views",
            f"{path} has no view with colour, depth and mask under one name ({files.counts()}): name them alike",
        )
    K = read_matrix(path / "K.txt", (3, 3), "the camera's intrinsic matrix in pixels")
    kept = _spread(len(stems), read_depth_m(files.depth[stems[0]]).size)
    frames = ((stems[k], files.frame(stems[k], K, stamp_ns_of(k))) for k in kept)
    if board is None:
        return tuple(ReferenceView(frame, files.mask(stem), files.pose(stem), stem) for stem, frame in frames)
    views = tuple(view for stem, frame in frames if (view := _on_board(stem, frame, files, board)) is not None)
    if not views:
        raise InputRefused(
            "board_not_seen",
            f"the board is found in none of {len(stems)} images of {path}: check its kind, size and dictionary, and "
            "that it is sharp and mostly in the picture",
        )
    return views


def _on_board(stem: str, frame: Frame, files: "_ViewFiles", board: Board) -> ReferenceView | None:
    """The view in its pose on the board, with the mask that was given or else that of what stands there."""
    T = board.pose(frame.rgb, frame.camera)
    if T is None:
        return None
    mask = files.mask(stem) if files.masks else board.standing_on(frame, T)
    return ReferenceView(frame, mask, T, stem)


@dataclass(frozen=True)
class _ViewFiles:
    """A folder's files by the stem of their names; of an object without masks or poses those are empty."""

    rgb: dict[str, Path]
    depth: dict[str, Path]
    masks: dict[str, Path]
    poses: dict[str, Path]
    poses_are_cam_in_obj: bool

    @classmethod
    def found(cls, path: Path, object_name: str | None, with_poses: bool) -> "_ViewFiles":
        poses_room = _of_object(_room(path, (*_CAM_IN_OBJ_ROOMS, *_OBJ_IN_CAM_ROOMS)), object_name)
        has_poses = with_poses and poses_room.is_dir()
        return cls(
            rgb=images_by_stem(path / "rgb"),
            depth=images_by_stem(_room(path, _DEPTH_ROOMS)),
            masks=images_by_stem(_of_object(_room(path, _MASK_ROOMS), object_name)),
            poses={p.stem: p for p in poses_room.glob("*.txt")} if has_poses else {},
            poses_are_cam_in_obj=any(part in _CAM_IN_OBJ_ROOMS for part in poses_room.relative_to(path).parts),
        )

    def counts(self) -> str:
        rooms = {"rgb": self.rgb, "depth": self.depth, "masks": self.masks}
        return ", ".join(f"{len(files)} in {room}/" for room, files in rooms.items()) + f", {len(self.poses)} poses"

    def complete_stems(self, masks_needed: bool) -> list[str]:
        """List views with colour and depth; a mask or a pose, where any view has one, is asked of all."""
        asked = [self.depth]
        asked += [self.masks] if self.masks or masks_needed else []
        asked += [self.poses] if self.poses else []
        return [stem for stem in self.rgb if all(stem in files for files in asked)]

    def frame(self, stem: str, K: Intrinsics, stamp_ns: int) -> Frame:
        image = read_rgb(self.rgb[stem])
        camera = Camera.from_K(K, image.shape[1], image.shape[0])
        return Frame(image, read_depth_m(self.depth[stem]), camera, stamp_ns, FRAME_ID)

    def mask(self, stem: str) -> np.ndarray:
        return read_mask(self.masks[stem])

    def pose(self, stem: str) -> Pose | None:
        """Return T_cam_obj (4, 4), None where no view has a pose."""
        if not self.poses:
            return None
        path = self.poses[stem]
        T = checked_pose(read_matrix(path, (4, 4), "the pose in metres"), path)
        return inverse(T) if self.poses_are_cam_in_obj else T


def _room(path: Path, names: tuple[str, ...]) -> Path:
    return next((path / name for name in names if (path / name).is_dir()), path / names[0])


def _of_object(room: Path, object_name: str | None) -> Path:
    """The room itself, or the object's folder where it has one per object."""
    objects = sorted(p.name for p in room.iterdir() if p.is_dir()) if room.is_dir() else []
    if not objects or any(p.is_file() for p in room.iterdir()):
        return room
    return room / _the_object(object_name, objects, room)


def _the_object(name: str | None, names: list[str], source: object) -> str:
    if name is not None:
        return known_object(name, names, source)
    if len(names) != 1:
        raise InputRefused("which_object", f"{source} has several objects: choose with --object {' or '.join(names)}")
    return names[0]


def _spread(count: int, pixels: int) -> list[int]:
    most = max(_MOST_PIXELS // pixels, 1)
    return sorted(set(np.linspace(0, count - 1, min(count, most)).round().astype(int).tolist()))
