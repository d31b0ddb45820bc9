"""An arm with a camera on its wrist before a table with an object, in MuJoCo; needs no ROS, and no screen.

`pip install mujoco`; it renders through EGL (MUJOCO_GL=egl), on the processor where there is no graphics card.
"""

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import trimesh

from foundation_pose_ros import Camera, Frame, se3
from foundation_pose_ros.depth import normals_and_edges
from foundation_pose_ros.synthetic.meshes import make_mesh
from foundation_pose_ros.synthetic.sensor import REALSENSE_D435

os.environ.setdefault("MUJOCO_GL", "egl")
import mujoco  # looks at the variable

from foundation_pose_ros.arrays import Mask, Pose

# All of them fit between the fingers.
DESIGNS = ("mug", "cracker_box", "soda_can", "bottle", "sticker_cube", "bracket")
WIDTH, HEIGHT = 640, 480
CAMERA_FRAME, BASE_FRAME = "wrist_camera_optical_frame", "base_link"
_JOINTS = ("yaw", "shoulder", "elbow", "roll", "pitch", "turn")
_HOME_DEG = (0.0, -20.0, 100.0, 0.0, 75.0, 0.0)
# MuJoCo's cameras look along -z, with y up.
_T_MJ_OPTICAL = np.diag([1.0, -1.0, -1.0, 1.0])
_SETTLE_STEPS, _FALL_M = 400, 0.002
_PLACE_M = ((0.38, 0.58), (-0.2, 0.2))
_DISTANCE_M, _ELEVATION_DEG, _AZIMUTH_DEG = (0.4, 0.55), (40.0, 62.0), (-50.0, 50.0)


class OutOfReach(RuntimeError):
    """A pose that the arm can't bring its tool or camera to."""


@dataclass(frozen=True)
class View:
    """What the wrist's camera saw: frame in its optical frame, T_base_cam (4, 4).

    mask (H, W) bool: the object's pixels, as a perfect detector would give them.
    """

    frame: Frame
    T_base_cam: Pose
    mask: Mask


class Workcell:
    """One object on the table, and the arm where it sees it; all by the seed.

    design: one of `synthetic.meshes.DESIGNS`.
    """

    def __init__(self, design: str, seed: int) -> None:
        self._rng = np.random.default_rng([seed, *design.encode()])
        self.mesh = make_mesh(design)
        xml = Path(__file__).with_name("arm.xml").read_text(encoding="utf-8")
        self._model = mujoco.MjModel.from_xml_string(xml, assets=_assets(self.mesh))
        self._data = mujoco.MjData(self._model)
        self._shot: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
        self._joints = [self._model.joint(name).qposadr[0] for name in _JOINTS]
        self._put_things()
        self.move_joints(np.deg2rad(_HOME_DEG))

    @property
    def T_base_obj(self) -> Pose:
        """Return where the object truly is (4, 4), in the mesh's own frame."""
        body = self._data.body("object")
        return se3.from_rotation_translation(body.xmat.reshape(3, 3), body.xpos)

    @property
    def T_base_tool(self) -> Pose:
        """Return where the gripper is (4, 4): z points from the wrist to the fingertips, which close along y."""
        site = self._data.site("tool")
        return se3.from_rotation_translation(site.xmat.reshape(3, 3), site.xpos)

    @property
    def T_base_cam(self) -> Pose:
        """Return where the camera's optical frame is (4, 4)."""
        camera = self._data.cam("wrist")
        return se3.from_rotation_translation(camera.xmat.reshape(3, 3), camera.xpos) @ _T_MJ_OPTICAL

    def look(self) -> None:
        """Bring the camera where it sees the object, from a side that the seed chooses; raises OutOfReach."""
        size_m = np.ptp(self.mesh.vertices, axis=0)
        target = self.T_base_obj[:3, 3] + [0, 0, size_m[2] / 2]
        T_tool_cam = se3.inverse(self.T_base_tool) @ self.T_base_cam
        for _ in range(100):
            distance_m = self._rng.uniform(*_DISTANCE_M) + size_m.max() - 0.1
            elevation, azimuth = (np.deg2rad(self._rng.uniform(*limits)) for limits in (_ELEVATION_DEG, _AZIMUTH_DEG))
            # Azimuth 0 looks away from the arm's foot.
            away = np.array(
                [-np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)]
            )
            centre = target + self._rng.uniform(-0.04, 0.04, 3)
            try:
                self.move_tool(_looking(centre + distance_m * away, centre) @ se3.inverse(T_tool_cam))
            except OutOfReach:
                continue
            return
        raise OutOfReach("no view of the object within reach of the arm")

    def move_joints(self, angles_rad: Sequence[float] | np.ndarray) -> None:
        """Turn all six joints."""
        self._data.qpos[self._joints] = angles_rad
        self._shot = None
        mujoco.mj_forward(self._model, self._data)

    def move_tool(self, T_base_tool: Pose) -> None:
        """Bring the gripper to a pose (4, 4), by damped least squares from several starts; raises OutOfReach."""
        before = self._data.qpos[self._joints].copy()
        starts = [before, np.deg2rad(_HOME_DEG), *self._rng.uniform(-1.5, 1.5, (6, len(_JOINTS)))]
        starts[2:] = [start + np.deg2rad(_HOME_DEG) for start in starts[2:]]
        yaw = np.arctan2(T_base_tool[1, 3], T_base_tool[0, 3])
        for start in starts:
            start = np.array(start, float)
            start[0] = yaw if start is not before else start[0]
            if self._reached(start, T_base_tool):
                return
        self.move_joints(before)
        raise OutOfReach(f"the arm can't bring its tool to {np.round(T_base_tool[:3, 3], 3)} m that way")

    def view(self, rng: np.random.Generator, stamp_ns: int = 0) -> View:
        """Take a picture with the wrist's camera; its depth has a stereo camera's noise and holes, by rng."""
        self._shot = self._shot or self._rendered("wrist", WIDTH, HEIGHT)
        rgb, depth_m, mask = self._shot
        camera = self.camera
        u, v = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
        rays = np.stack([(u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy, np.ones_like(u, float)], axis=-1)
        normals, _ = normals_and_edges((rays * depth_m[..., None]).astype(np.float32), 1 / camera.fx)
        measured_m = REALSENSE_D435.measure(depth_m, normals, camera, rng)
        return View(Frame(rgb, measured_m, camera, stamp_ns, CAMERA_FRAME), self.T_base_cam, mask)

    @property
    def camera(self) -> Camera:
        """Return the optics of the wrist's camera."""
        focal_px = HEIGHT / 2 / np.tan(np.deg2rad(self._model.cam("wrist").fovy[0]) / 2)
        return Camera(focal_px, focal_px, (WIDTH - 1) / 2, (HEIGHT - 1) / 2, WIDTH, HEIGHT)

    def overview(self, width: int = 960, height: int = 720) -> np.ndarray:
        """Return a picture (H, W, 3) of the whole from beside the table."""
        return self._rendered("overview", width, height)[0]

    def _rendered(self, camera: str, width: int, height: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Colour (H, W, 3), depth (H, W) and the object's pixels (H, W) bool."""
        with mujoco.Renderer(self._model, height, width) as renderer:
            renderer.update_scene(self._data, camera)
            rgb = renderer.render().copy()
            renderer.enable_depth_rendering()
            renderer.update_scene(self._data, camera)
            depth_m = renderer.render().astype(np.float32)
            renderer.disable_depth_rendering()
            renderer.enable_segmentation_rendering()
            renderer.update_scene(self._data, camera)
            ids, kinds = np.moveaxis(renderer.render(), -1, 0)
        of_object = (kinds == mujoco.mjtObj.mjOBJ_GEOM) & (ids == self._model.geom("object").id)
        return rgb, depth_m, of_object

    def _put_things(self) -> None:
        """Let the object fall a little, upright, and put two others beside it that hide nothing of it."""
        place = np.array([self._rng.uniform(*limits) for limits in _PLACE_M])
        yaw = self._rng.uniform(-np.pi, np.pi)
        joint = self._model.joint(self._model.body("object").jntadr[0]).qposadr[0]
        self._data.qpos[joint : joint + 7] = [*place, _FALL_M, np.cos(yaw / 2), 0, 0, np.sin(yaw / 2)]
        side = self._rng.choice([-1.0, 1.0])
        for name, turn, beside_m in (("other_box", side, 0.2), ("other_can", -side, 0.22)):
            size = self._model.geom(name).size
            size[:] = size * self._rng.uniform(0.7, 1.2)
            index = self._model.body(name).mocapid[0]
            height_m = size[2] if name == "other_box" else size[1]
            self._data.mocap_pos[index] = [
                place[0] + self._rng.uniform(-0.05, 0.05),
                place[1] + turn * beside_m,
                height_m,
            ]
        for _ in range(_SETTLE_STEPS):
            mujoco.mj_step(self._model, self._data)
        self._data.qvel[:] = 0

    def _reached(self, angles_rad: np.ndarray, T_base_tool: Pose) -> bool:
        """Move towards a pose from these angles; tell whether it was reached within the joints' limits."""
        limits = self._model.jnt_range[[self._model.joint(name).id for name in _JOINTS]]
        columns = [self._model.joint(name).dofadr[0] for name in _JOINTS]
        jacobian_p, jacobian_r = np.zeros((3, self._model.nv)), np.zeros((3, self._model.nv))
        for _ in range(120):
            self.move_joints(angles_rad)
            T = self.T_base_tool.astype(float)
            apart = T_base_tool[:3, 3] - T[:3, 3]
            turn = _rotation_vector(T_base_tool[:3, :3] @ T[:3, :3].T)
            if np.linalg.norm(apart) < 1e-5 and np.linalg.norm(turn) < 1e-4:
                return True
            mujoco.mj_jacSite(self._model, self._data, jacobian_p, jacobian_r, self._model.site("tool").id)
            J = np.vstack([jacobian_p[:, columns], jacobian_r[:, columns]])
            wanted = np.concatenate([apart, turn])
            step = J.T @ np.linalg.solve(J @ J.T + 1e-5 * np.eye(6), wanted)
            angles_rad = np.clip(angles_rad + step * min(1.0, 0.5 / np.abs(step).max()), limits[:, 0], limits[:, 1])
        return False


def _assets(mesh: trimesh.Trimesh) -> dict[str, bytes]:
    """A mesh and its texture as MuJoCo reads them."""
    visual: Any = mesh.visual
    png = io.BytesIO()
    visual.material.image.convert("RGB").save(png, "PNG")
    lines = [f"v {x:.7f} {y:.7f} {z:.7f}" for x, y, z in mesh.vertices]
    lines += [f"vt {u:.6f} {v:.6f}" for u, v in visual.uv]
    lines += [f"f {a}/{a} {b}/{b} {c}/{c}" for a, b, c in mesh.faces + 1]
    return {"object.obj": "\n".join(lines).encode(), "object.png": png.getvalue()}


def _looking(position: np.ndarray, target: np.ndarray) -> Pose:
    """T (4, 4) of an optical frame there that looks at a target, its picture upright."""
    forward = (target - position) / np.linalg.norm(target - position)
    right = np.cross(forward, [0, 0, 1])
    right /= np.linalg.norm(right)
    return se3.from_rotation_translation(np.stack([right, np.cross(forward, right), forward], axis=1), position)


def _rotation_vector(R: np.ndarray) -> np.ndarray:
    quaternion = np.zeros(4)
    mujoco.mju_mat2Quat(quaternion, np.ascontiguousarray(R, float).ravel())
    vector = np.zeros(3)
    mujoco.mju_quat2Vel(vector, quaternion, 1.0)
    return vector
