"""Which recording a folder holds."""

from pathlib import Path

from ..errors import InputRefused
from ..streams.rosbag import is_bag
from .bag_sequence import BagSequence
from .bop_scene import BopScene
from .sequence import Sequence
from .sequence_folder import SequenceFolder


def open_sequence(path: str | Path, models: str | Path | None = None, unit: str | None = None) -> Sequence:
    """Open a sequence folder, a BOP scene or a rosbag2, by what is in the folder.

    models: folder with the meshes, where it isn't found beside the images (BOP: `obj_000001.ply`, ...; sequence folder:
    one folder per object). unit: of the meshes, where it isn't the layout's own (metres; BOP millimetres). Raises
    InputRefused, naming the file and the fix, for a folder that is neither.
    """
    path = Path(path).expanduser()
    if is_bag(path):
        return BagSequence(path, Path(models).expanduser() if models is not None else None, unit or "m")
    if not path.is_dir():
        raise InputRefused(
            "sequence_missing", f"{path} is not a folder: give a sequence folder or one scene of a BOP dataset"
        )
    models = Path(models).expanduser() if models is not None else None
    if (path / "scene_camera.json").is_file():
        return BopScene(path, models, unit or "mm")
    if (path / "rgb").is_dir():
        return SequenceFolder(path, models, unit or "m")
    scenes = sorted(p.parent for p in [*path.glob("*/scene_camera.json"), *path.glob("*/*/scene_camera.json")])
    if scenes:
        raise InputRefused(
            "sequence_missing", f"{path} is a BOP dataset of {len(scenes)} scenes: give one of them, {scenes[0]}"
        )
    raise InputRefused(
        "sequence_missing",
        f"{path} has neither rgb/ nor scene_camera.json: a sequence is a folder with rgb/, depth/, K.txt, mesh/OBJECT/ "
        "(and masks/OBJECT/, gt/OBJECT/), or one scene of a BOP dataset",
    )
