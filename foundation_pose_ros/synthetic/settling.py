"""Bodies that are dropped on the table and come to rest against each other, by MuJoCo (Todorov et al. 2012).

They touch as their convex hulls do: nothing falls into a mug, and handles don't interlock.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from ..arrays import Pose
from ..errors import InputRefused
from ..runtime.extras import require
from ..se3 import from_rotation_translation
from .layout import Item

_STEP_S, _LONGEST_S = 0.002, 8.0
# At rest: slower than this, in m/s and rad/s, for a quarter of a second.
_STILL, _STILL_STEPS = 0.01, 125
_SPREAD_M, _REACH_M = 0.09, 0.45
_HULL_CORNERS = 64
_DENSITY_KG_M3 = 400.0
# Sliding, turning and rolling; without the last, cans would leave the table.
_FRICTION = (0.7, 0.01, 0.004)


def dropped(items: Sequence[Item], rng: np.random.Generator) -> list[Pose | None]:
    """Return T_world_obj (4, 4) of each item at rest in a heap on z = 0; None for what rolled away.

    Equal draws end alike on one kind of processor; falls are chaotic, and another kind may end elsewhere: keep the
    poses.
    Raises InputRefused where MuJoCo isn't installed, or the heap doesn't come to rest.
    """
    require("dropping bodies in a heap", "physics", otherwise="or let them be stood")
    import mujoco

    physics = _above_table(items, rng).compile()
    state = mujoco.MjData(physics)
    still = 0
    for _ in range(int(_LONGEST_S / _STEP_S)):
        mujoco.mj_step(physics, state)
        still = still + 1 if np.abs(state.qvel).max() < _STILL else 0
        if still >= _STILL_STEPS:
            break
    else:
        # What still rolls is taken as gone; a heap that trembles is not one.
        moving = np.abs(state.qvel.reshape(-1, 6)[:, :3]).max(axis=1) > 10 * _STILL
        if moving.all():
            raise InputRefused("not_settled", f"bodies don't come to rest within {_LONGEST_S:g} s: take another seed")
    return [_pose(state.body(f"body_{k}"), item) for k, item in enumerate(items)]


def _above_table(items: Sequence[Item], rng: np.random.Generator) -> Any:
    """Return MuJoCo's description of a table, and of bodies in the air above it, turned at random."""
    import mujoco

    description = mujoco.MjSpec()
    description.option.timestep = _STEP_S
    friction = {"friction": list(_FRICTION), "condim": 6}
    description.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_PLANE, size=[2, 2, 0.1], **friction)
    height_m = 0.0
    for k, item in enumerate(items):
        model = item.model
        description.add_mesh(
            name=f"mesh_{k}",
            uservert=(model.vertices - model.centre_m).astype(float).ravel(),
            userface=model.faces.astype(np.int32).ravel(),
            maxhullvert=_HULL_CORNERS,
            inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_CONVEX,
        )
        # Each falls from above those before it, so that none starts inside another.
        height_m += 0.5 * model.diameter_m
        place = [*rng.normal(0, _SPREAD_M, 2), height_m]
        height_m += 0.5 * model.diameter_m
        body = description.worldbody.add_body(name=f"body_{k}", pos=place, quat=_turned(rng))
        body.add_freejoint()
        body.add_geom(type=mujoco.mjtGeom.mjGEOM_MESH, meshname=f"mesh_{k}", density=_DENSITY_KG_M3, **friction)
    return description


def _turned(rng: np.random.Generator) -> list[float]:
    """Draw a rotation as a quaternion, all alike."""
    q = rng.normal(size=4)
    return list(q / np.linalg.norm(q))


def _pose(body: Any, item: Item) -> Pose | None:
    w, x, y, z = body.xquat
    centre = np.asarray(body.xpos)
    if np.linalg.norm(centre[:2]) > _REACH_M or centre[2] < 0:
        return None
    R = Rotation.from_quat([x, y, z, w]).as_matrix()
    return from_rotation_translation(R, centre - R @ item.model.centre_m)
