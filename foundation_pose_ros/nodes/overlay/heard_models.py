"""Models that a pose_node publishes of its objects: coarse, and there for those that come while it runs, too."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import InputRefused
from ...object_model.model import ObjectModel

# A pose_node sends at most 1000.
_MOST_FACES = 20_000
_SAME_BOX_M = 1e-3


@dataclass(frozen=True)
class HeardModel:
    """A coarse model, plain and without symmetries, with the box (3,) (3,), m, of the mesh that it stands for."""

    model: ObjectModel
    centre_m: np.ndarray
    size_m: np.ndarray

    @classmethod
    def of(cls, message: Any) -> "HeardModel":
        """Convert a foundation_perception/ObjectModel; raises InputRefused."""
        points, triangles = message.mesh.vertices, message.mesh.triangles
        if not 0 < len(triangles) <= _MOST_FACES or len(points) > 3 * _MOST_FACES:
            raise InputRefused(
                "unusable_model", f"{message.id}: {len(triangles)} triangles: its mesh may have 1 to {_MOST_FACES}"
            )
        vertices = np.array([_values(point) for point in points], np.float32).reshape(-1, 3)
        faces = np.array([triangle.vertex_indices for triangle in triangles], np.uint32)
        if faces.max() >= len(vertices) or not np.isfinite(vertices).all():
            raise InputRefused("unusable_model", f"{message.id}: a vertex of its mesh is missing, or isn't finite")
        return cls(ObjectModel(message.class_id, vertices, faces), _values(message.centre), _values(message.size))

    def has_box_of(self, own: ObjectModel) -> bool:
        """Tell whether a mesh may be the one that this stands for."""
        apart_m = np.abs([self.centre_m - own.centre_m, self.size_m - own.extents_m])
        return bool((apart_m < _SAME_BOX_M).all())

    def is_as(self, other: "HeardModel") -> bool:
        """Tell whether nothing of the mesh has changed."""
        one, same = self.model, other.model
        return np.array_equal(one.vertices, same.vertices) and np.array_equal(one.faces, same.faces)


class HeardModels:
    """Models by their name: a program's own, with all faces and colours, as long as pose_node's have the same box."""

    def __init__(self, own: Mapping[str, ObjectModel]) -> None:
        self._own = dict(own)
        self._heard: dict[str, HeardModel] = {}

    def __getitem__(self, name: str) -> ObjectModel | None:
        own, heard = self._own.get(name), self._heard.get(name)
        return own if heard is None or (own is not None and heard.has_box_of(own)) else heard.model

    def take(self, message: Any) -> list[InputRefused]:
        """Take a foundation_perception/ObjectModelArray in place of the last; return what can't be used of it."""
        before, self._heard, refused = self._heard, {}, []
        for each in message.models:
            try:
                heard = HeardModel.of(each)
            except InputRefused as refusal:
                refused.append(refusal)
                continue
            # What was made of a model, renderers and the like, is kept as long as it is the same.
            known = before.get(each.class_id)
            self._heard[each.class_id] = known if known is not None and known.is_as(heard) else heard
        return refused


def _values(point: Any) -> np.ndarray:
    return np.array([point.x, point.y, point.z])
