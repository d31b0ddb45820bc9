"""The objects that networks are trained on."""

from pathlib import Path

from ..object_model import ObjectModel
from ..synthetic.meshes import DESIGNS, make_mesh


def training_models(names: tuple[str, ...]) -> list[ObjectModel]:
    """Made-up objects by name, and others from mesh files in metres; raises InputRefused for what is neither."""
    return [
        ObjectModel.from_mesh(make_mesh(name), name=name) if name in DESIGNS else ObjectModel.from_mesh(Path(name))
        for name in names
    ]
