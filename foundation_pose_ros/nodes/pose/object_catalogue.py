"""Objects by name: mesh files found, read, and checked. Needs no ROS."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import InputRefused, shortened
from ...input_limits.bounded_yaml import parse_yaml
from ...input_limits.limits import LIMITS
from ...object_model.appearance import CornerColours
from ...object_model.model import ObjectModel
from ...object_model.symmetry import Symmetries
from ...tracking.instances import instance_ids

_LONGEST_NAME = 100


@dataclass(frozen=True)
class CatalogueEntry:
    """A model with the file that it came from; instances: how many of it are looked for."""

    model: ObjectModel
    mesh_file: Path
    instances: int = 1


def load_object(
    name: str, mesh: str, unit: str, symmetries: str, directories: Sequence[str], only_from_directories: bool = False
) -> CatalogueEntry:
    """Read one object; a relative path is looked up in the directories, in order.

    only_from_directories: refuse files elsewhere (for requests that come over the network). Raises InputRefused,
    saying the fix, for names, files, units and symmetries that can't be used.
    """
    if not name or name.strip() != name or name.startswith("/"):
        raise InputRefused(
            "bad_object_name", f"object name {shortened(repr(name))} can't be a TF frame: use letters, digits and _"
        )
    if len(name) > _LONGEST_NAME:
        raise InputRefused(
            "bad_object_name", f"object name {shortened(name)} is too long for a topic: {_LONGEST_NAME} characters do"
        )
    try:
        path = _find(name, mesh, [Path(d).expanduser().resolve() for d in directories], only_from_directories)
    except InputRefused:
        raise
    except (OSError, RuntimeError, ValueError) as error:  # too long, a user who isn't there, a zero byte
        raise InputRefused(
            "mesh_missing", f"mesh file {shortened(mesh)} can't be looked up ({shortened(error)}): check the path"
        ) from None
    model = ObjectModel.from_mesh(path, name=name, unit=unit or "m", symmetries=parse_symmetries(symmetries))
    return CatalogueEntry(model, path)


def load_prepared(
    name: str, mesh: str, unit: str, symmetries: str, directories: Sequence[str], only_from_directories: bool = False
) -> CatalogueEntry:
    """Read one object as `load_object` does, and search what takes long: in a `BoundedProcess`, nobody waits for it."""
    entry = load_object(name, mesh, unit, symmetries, directories, only_from_directories)
    model = entry.model
    for _found in (
        model.symmetries,
        model.shape_symmetries,
        model.near_symmetries,
        model.diameter_m,
        model.simplified,
    ):
        continue  # the model keeps it
    return entry


def get_ready() -> None:
    """Read what takes no time to read: libraries and compiled loops, which take a second and more, are then loaded."""
    import trimesh  # not by the node: only a process that reads needs it

    ball = ObjectModel.from_mesh(trimesh.creation.icosphere(subdivisions=3, radius=0.1))
    ball = ball.repainted(CornerColours(np.ones((len(ball.faces), 3, 3))))
    for _found in (ball.near_symmetries, ball.simplified):
        continue


def parse_symmetries(text: str) -> Symmetries | None:
    """Parse the YAML of a parameter; None, which means "find them", for an empty text."""
    if not text.strip():
        return None
    if text.strip() == "none":
        return Symmetries.none()
    config = parse_yaml(text, "bad_symmetries", f"symmetries {shortened(repr(text))}")
    if not isinstance(config, dict):
        raise InputRefused(
            "bad_symmetries",
            f"symmetries {shortened(repr(text))} isn't a mapping: write {{continuous: [{{axis: [0, 0, 1]}}]}} or none",
        )
    return Symmetries.from_config(config)


def topic_token(id: str) -> str:
    """Return an id as part of a topic name, which holds letters, digits and _ and doesn't begin with a digit."""
    token = re.sub(r"[^A-Za-z0-9_]", "_", id)
    token = re.sub(r"_{2,}", "_", token)
    return token if re.match(r"[A-Za-z]", token) else f"object_{token.lstrip('_')}"


def check_ids(name: str, instances: int, taken: Iterable[str]) -> None:
    """Raise InputRefused where the name of a model or of an instance is taken, or the topic of one."""
    if instances > LIMITS.instances:
        raise InputRefused("bad_request", f"{instances} instances of {name}: at most {LIMITS.instances} are tracked")
    taken = set(taken)
    for id in (name, *instance_ids(name, instances)):
        if id in taken:
            raise InputRefused(
                "object_exists", f"object {id} is there already: remove it first, or choose another name"
            )
        check_topic(id, taken)


def check_topic(name: str, others: Iterable[str]) -> None:
    """Raise InputRefused where another object's pose is published on the topic that this one's would be."""
    for other in others:
        if other != name and topic_token(other) == topic_token(name):
            raise InputRefused(
                "bad_object_name",
                f"{shortened(repr(name))} and {shortened(repr(other))} would share the topic "
                f"~/pose/{shortened(topic_token(name))}: choose another name",
            )


def _find(name: str, mesh: str, directories: list[Path], only_from_directories: bool) -> Path:
    if not mesh:
        raise InputRefused("mesh_missing", f"object {name} has no mesh: set the parameter {name}.mesh to its file")
    given = Path(mesh).expanduser()
    candidates = [given] if given.is_absolute() else [d / given for d in directories]
    if only_from_directories:
        allowed = ", ".join(map(str, directories)) or "none: set the parameter mesh_directories"
        candidates = [c.resolve() for c in candidates]
        candidates = [c for c in candidates if any(c.is_relative_to(d) for d in directories)]
        if not candidates:
            raise InputRefused(
                "mesh_not_allowed", f"mesh {mesh} of {name} is outside the folders meshes may come from ({allowed})"
            )
    elif not given.is_absolute():
        candidates.append(given.resolve())
    found = next((c for c in candidates if c.is_file()), None)
    if found is None:
        looked = ", ".join(map(str, candidates))
        raise InputRefused("mesh_missing", f"mesh file of {name} is not there (looked at {looked}): check the path")
    return found
