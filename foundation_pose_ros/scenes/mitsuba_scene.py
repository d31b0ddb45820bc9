"""A described scene painted by Mitsuba 3 (Jakob et al. 2022): light from body to body, and gloss that mirrors.

Only colour is Mitsuba's. Depth, normals, masks and all that follows from them are the fast painter's: both look at the
same meshes in the same poses, and a test says that they agree.
"""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import trimesh

from ..arrays import Points, Pose
from ..object_model.appearance import CornerColours, Texture
from ..runtime.extras import require
from ..srgb import linear_from_srgb
from ..synthetic.body import Body
from ..synthetic.glass import mean_let_through
from ..synthetic.room import Panel
from ..synthetic.scene import SyntheticScene
from ..synthetic.scene_painter import PaintedPicture, Painter, ScenePainter
from .body_spec import Material
from .libraries import Libraries
from .scene_spec import SceneSpec
from .spec_scene import make_described, spec_of_body

# Paths for each pixel, spread on a grid of 3 x 3; what noise they leave is filtered.
PATHS = 9
# Rays for each pixel of what the filter is guided by, colours of surfaces and normals.
_GUIDE_RAYS = 4
# Rays begin here, which Mitsuba's depths are counted from.
NEAR_M = 0.01
_BOUNCES, _BOUNCES_IN_GLASS = 6, 14
# Compiled for this processor where LLVM is found, else plain.
_VARIANTS = ("llvm_ad_rgb", "scalar_rgb")
# Roughness, and how much a surface mirrors head on (0.5: 4 %), as the principled model has them (Burley 2012).
_SURFACES: dict[Material, dict[str, float]] = {
    "paper": {"roughness": 0.9, "specular": 0.3},
    "rubber": {"roughness": 0.95, "specular": 0.2},
    "wood": {"roughness": 0.6, "specular": 0.4},
    "plastic": {"roughness": 0.35, "specular": 0.5},
    "lacquer": {"roughness": 0.15, "specular": 0.5},
    "metal": {"roughness": 0.3, "specular": 0.5, "metallic": 0.4},
    "ceramic": {"roughness": 0.08, "specular": 0.6},
}
_PLAIN_ALBEDO = 0.55
# A lamp stands so far away, or nearer before the wall behind the table.
_LAMP_M, _BEFORE_WALL_M = 6.0, 0.85
# OpenCV's axes in Mitsuba's: x to the left, y up.
_FROM_OPENCV = np.diag([-1.0, -1.0, 1.0, 1.0])


def render_mitsuba(spec: SceneSpec, libraries: Libraries, paths: int = PATHS) -> SyntheticScene:
    """Return the scene with colours by Mitsuba, of so many paths for each pixel.

    Raises InputRefused where that isn't installed.
    """
    scene = make_described(spec, libraries)
    names = [*scene.object_names, *scene.clutter_names]
    described = {name: spec_of_body(spec, scene, name) for name in names}
    materials = {name: body.material for name, body in described.items() if body is not None}

    def mitsuba_painter(painter: ScenePainter) -> MitsubaPainter:
        assert isinstance(painter, Painter)
        return MitsubaPainter(painter, materials, paths)

    return scene.painted_by(mitsuba_painter)


class MitsubaPainter:
    """Paints light by Mitsuba, and all else as the painter that it is made from.

    materials: of bodies by their names; the others are plastic. paths: for each pixel, at least 1.
    """

    def __init__(self, painter: Painter, materials: dict[str, Material], paths: int = PATHS) -> None:
        self._mitsuba, self._fast, self._materials, self._paths = mitsuba(), painter, materials, paths
        self.bodies, self.room, self.light, self.camera = painter.bodies, painter.room, painter.light, painter.camera
        self.lens = painter.lens
        self._surfaces = [self._surface(body) for body in self.bodies]
        self._unmoved = {f"panel_{name}": self._panel(panel) for name, panel in self.room.items()} | self._lights()

    def with_bodies(self, bodies: list[Body]) -> "MitsubaPainter":
        """Return the same room and light with other bodies."""
        return MitsubaPainter(self._fast.with_bodies(bodies), self._materials, self._paths)

    def paint(self, frame: int, T_world_cam: Pose) -> PaintedPicture:
        """Return the scene at the moment of a frame, seen from T_world_cam (4, 4)."""
        picture = self._fast.sharp(frame, T_world_cam)
        scene = self.scene(frame, T_world_cam)
        bounces = _BOUNCES_IN_GLASS if any(body.glass for body in self.bodies) else _BOUNCES
        noisy = self._rendered(scene, {"type": "path", "max_depth": bounces}, self._paths, frame)
        guide = self._rendered(scene, {"type": "aov", "aovs": "albedo:albedo,normal:sh_normal"}, _GUIDE_RAYS, frame)
        light = denoised(noisy, albedo=guide[..., :3].clip(0, 1), normals=guide[..., 3:6])
        return replace(picture, light=light)

    def scene(self, frame: int, T_world_cam: Pose) -> Any:
        """Return Mitsuba's scene at the moment of a frame."""
        bodies = {
            f"body_{k:03d}": self._mesh(body, surface, body.pose(frame))
            for k, (body, surface) in enumerate(zip(self.bodies, self._surfaces, strict=True))
        }
        sensor = self._sensor(T_world_cam)
        return self._mitsuba.load_dict({"type": "scene", "sensor": sensor, **self._unmoved, **bodies})

    def _rendered(self, scene: Any, integrator: dict[str, Any], rays: int, seed: int) -> np.ndarray:
        """What an integrator makes of a scene (H, W, C), float32."""
        made = self._mitsuba.load_dict(integrator)
        return np.array(self._mitsuba.render(scene, integrator=made, spp=rays, seed=seed), np.float32)

    def _sensor(self, T_world_cam: Pose) -> dict[str, Any]:
        camera, mi, lens = self.camera, self._mitsuba, self.lens
        sharp = {"type": "perspective"}
        focused = {"type": "thinlens", "aperture_radius": lens.aperture_m / 2, "focus_distance": lens.focus_m}
        return {
            **(sharp if lens.aperture_m == 0 else focused),
            "fov": float(np.rad2deg(2 * np.arctan(camera.width / 2 / camera.fx))),
            "fov_axis": "x",
            "near_clip": NEAR_M,
            "far_clip": 100.0,
            # Both put the principal point into the middle of the picture.
            "to_world": mi.ScalarTransform4f(np.asarray(T_world_cam, np.float64) @ _FROM_OPENCV),
            "film": {
                "type": "hdrfilm",
                "width": camera.width,
                "height": camera.height,
                "rfilter": {"type": "box"},
                "pixel_format": "rgb",
                "component_format": "float32",
            },
            "sampler": {"type": "multijitter"},
        }

    def _lights(self) -> dict[str, Any]:
        mi, light = self._mitsuba, self.light
        direction = np.asarray(light.direction, np.float64)
        distance_m = min(_LAMP_M, _BEFORE_WALL_M / max(direction[1], 1e-6))
        # What faces the lamp is white, that is, gets pi, where the shading of the fast painter has 1.
        radiance = light.lamp / np.sin(light.angular_radius_rad) ** 2
        place = mi.ScalarTransform4f().look_at(
            origin=list(direction * distance_m),
            target=[0, 0, 0],
            up=[0, 1, 0] if abs(direction[2]) > 0.9 else [0, 0, 1],
        )
        radius_m = float(distance_m * np.tan(light.angular_radius_rad))
        # The sky above, and the light of the room from below.
        rows = np.repeat([light.sky, light.bounce], 8, axis=0)
        sky = np.broadcast_to(rows[:, None], (16, 32, 3)).astype(np.float32)
        return {
            "lamp": {
                "type": "disk",
                "to_world": place @ mi.ScalarTransform4f().scale(radius_m),
                "emitter": {"type": "area", "radiance": {"type": "rgb", "value": radiance.astype(float).tolist()}},
            },
            "sky": {
                "type": "envmap",
                "bitmap": mi.Bitmap(np.ascontiguousarray(sky)),
                "to_world": mi.ScalarTransform4f().rotate([1, 0, 0], 90),
            },
        }

    def _surface(self, body: Body) -> Any:
        if body.glass:
            return self._glass(body)
        appearance = body.model.appearance
        colour: dict[str, Any] = {"type": "rgb", "value": _PLAIN_ALBEDO}
        if isinstance(appearance, Texture):
            pixels = np.ascontiguousarray(appearance.levels[0])
            colour = {"type": "bitmap", "bitmap": self._mitsuba.Bitmap(pixels), "wrap_mode": "repeat"}
        elif isinstance(appearance, CornerColours):
            colour = {"type": "mesh_attribute", "name": "vertex_color"}
        material = _SURFACES[self._materials.get(body.name, "plastic")]
        principled = {"type": "principled", "base_color": colour, **material}
        return self._mitsuba.load_dict({"type": "twosided", "nested": principled})

    def _glass(self, body: Body) -> Any:
        """Solid where a body is closed, so that it bends light; else a thin pane. Stained by the body's mean colour."""
        stain = np.sqrt(mean_let_through(body.model))  # light goes through two walls
        closed = trimesh.Trimesh(body.model.vertices, body.model.faces).is_watertight
        through = {"type": "rgb", "value": stain.astype(float).tolist()}
        kind = "dielectric" if closed else "thindielectric"
        return self._mitsuba.load_dict({"type": kind, "int_ior": 1.5, "specular_transmittance": through})

    def _mesh(self, body: Body, surface: Any, T_world_obj: Pose) -> Any:
        """Every face has corners of its own, as prints and colours have."""
        model = body.model
        corners = model.vertices[model.faces].reshape(-1, 3) @ T_world_obj[:3, :3].T + T_world_obj[:3, 3]
        appearance, uv = model.appearance, None
        if isinstance(appearance, Texture):
            uv = appearance.corner_uv.reshape(-1, 2)
        mesh = self._triangles(body.name, corners, np.arange(len(corners)), surface, uv)
        if isinstance(appearance, CornerColours):
            light = linear_from_srgb(appearance.corner_rgb).astype(np.float32)
            mesh.add_attribute("vertex_color", 3, light.ravel())
        return mesh

    def _panel(self, panel: Panel) -> Any:
        height, width = panel.light.shape[:2]
        right, down = (
            n * panel.texel_m * axis for n, axis in ((width - 1, panel.along_columns), (height - 1, panel.along_rows))
        )
        corners = panel.origin_m + np.array([0 * right, right, right + down, down])
        # Texels' middles lie on the corners; v goes up in Mitsuba's files, and in what follows.
        u, v = np.array([0.5, width - 0.5]) / width, 1 - np.array([0.5, height - 0.5]) / height
        uv = np.array([(u[0], v[0]), (u[1], v[0]), (u[1], v[1]), (u[0], v[1])])
        texture = {"type": "bitmap", "bitmap": self._mitsuba.Bitmap(np.ascontiguousarray(panel.light)), "raw": True}
        diffuse = {"type": "diffuse", "reflectance": texture | {"wrap_mode": "clamp"}}
        surface = self._mitsuba.load_dict({"type": "twosided", "nested": diffuse})
        return self._triangles("panel", corners, np.array([0, 1, 2, 0, 2, 3]), surface, uv)

    def _triangles(self, name: str, vertices: Points, indices: np.ndarray, surface: Any, uv: np.ndarray | None) -> Any:
        mi = self._mitsuba
        properties = mi.Properties()
        properties["mesh_bsdf"] = surface
        mesh = mi.Mesh(
            name,
            vertex_count=len(vertices),
            face_count=len(indices) // 3,
            has_vertex_normals=False,
            has_vertex_texcoords=uv is not None,
            props=properties,
        )
        values = mi.traverse(mesh)
        values["vertex_positions"] = vertices.astype(np.float32).ravel()
        values["faces"] = indices.astype(np.uint32).ravel()
        if uv is not None:
            # Mitsuba counts v from a picture's top.
            values["vertex_texcoords"] = np.stack([uv[:, 0], 1 - uv[:, 1]], axis=1).astype(np.float32).ravel()
        values.update()
        return mesh


def denoised(light: np.ndarray, albedo: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """Return light (H, W, 3) of any brightness without the noise of few paths, by Intel's Open Image Denoise.

    albedo (H, W, 3) in 0..1 and normals (H, W, 3) of the first surfaces: where these change, light may as well.
    """
    import pyoidn

    return np.asarray(pyoidn.denoise(light, albedo=albedo, normal=normals, hdr=True), np.float32)


@cache
def mitsuba() -> Any:
    """Return the module, in the fastest variant that runs here; raises InputRefused where it isn't installed."""
    require("the renderer mitsuba", "photoreal", otherwise="or take --renderer fast")
    import mitsuba as mi

    for variant in _VARIANTS[:-1]:
        try:
            mi.set_variant(variant)
            mi.load_dict({"type": "sphere"})
        except (ImportError, RuntimeError):
            continue
        return mi
    mi.set_variant(_VARIANTS[-1])
    return mi
