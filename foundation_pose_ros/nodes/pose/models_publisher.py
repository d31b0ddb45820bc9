"""What pose_node knows of its objects whatever images show: box, coarse mesh and symmetries, for planners."""

from collections.abc import Mapping

import numpy as np
from foundation_perception.msg import ObjectModel as ObjectModelMessage
from foundation_perception.msg import ObjectModelArray, SymmetryAxis
from geometry_msgs.msg import Point, Transform, Vector3
from shape_msgs.msg import Mesh, MeshTriangle

from ...arrays import Pose
from ...object_model.model import ObjectModel
from ..latched import LATCHED
from ..lifecycle_node import WorkingNode
from .messages import to_pose, to_transform


class ModelsPublisher:
    """The topic `~/models`; its last message is kept."""

    def __init__(self, node: WorkingNode) -> None:
        self._node = node
        self._publisher = node.make_publisher(ObjectModelArray, "~/models", LATCHED)
        self._made: dict[str, tuple[ObjectModel, ObjectModelMessage]] = {}

    def publish(self, models: Mapping[str, ObjectModel]) -> None:
        """Publish all models, by the ids of their instances; messages are made of those that weren't published yet."""
        self._made = {id: self._made_of(id, model) for id, model in models.items()}
        self._publisher.publish(ObjectModelArray(models=[message for _, message in self._made.values()]))

    def _made_of(self, id: str, model: ObjectModel) -> tuple[ObjectModel, ObjectModelMessage]:
        made = self._made.get(id)
        return made if made is not None and made[0] is model else (model, to_model(id, model))

    def destroy(self) -> None:
        """Give the publisher back."""
        self._node.destroy_publisher(self._publisher)


def to_model(id: str, model: ObjectModel) -> ObjectModelMessage:
    """Convert the model of an instance."""
    vertices, faces = model.simplified
    symmetries = model.symmetries
    return ObjectModelMessage(
        id=id,
        class_id=model.name,
        centre=_point(model.centre_m),
        size=_vector(model.extents_m),
        mesh=Mesh(
            vertices=[_point(vertex) for vertex in vertices],
            triangles=[MeshTriangle(vertex_indices=np.asarray(face, np.uint32)) for face in faces],
        ),
        symmetries=[_transform(turn) for turn in symmetries.discrete],
        symmetry_axes=[
            SymmetryAxis(axis=_vector(axis.direction), point=_point(axis.point_m)) for axis in symmetries.axes
        ],
    )


def _transform(T: Pose) -> Transform:
    return to_transform(to_pose(T))


def _point(values: "np.ndarray | tuple[float, ...]") -> Point:
    x, y, z = (float(value) for value in values)
    return Point(x=x, y=y, z=z)


def _vector(values: "np.ndarray | tuple[float, ...]") -> Vector3:
    x, y, z = (float(value) for value in values)
    return Vector3(x=x, y=y, z=z)
