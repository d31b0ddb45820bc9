"""How a rendering differs from what was observed, and how that changes as the object moves."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ..observation.observation import Observation
from ..rendering.torch_mesh import Hits
from ..rendering.torch_renderer import TorchRenderer

# A face seen at less than this cosine is blurred by the sensor; it fades out.
_GLANCING = 0.25
# The mask's outline is found to about a pixel, a colour to this share of its range.
_OUTLINE_GATE_PX = 6.0
_COLOUR_GATE = 0.4


@dataclass(frozen=True)
class Residuals:
    """value (B, R) in metres, weight (B, R), and jacobian (B, R, 6) by twists about each object's centre."""

    value: Tensor
    weight: Tensor
    jacobian: Tensor

    def equations(self) -> tuple[Tensor, Tensor]:
        """Sum up information (B, 6, 6) and gradient (B, 6): a step solves information @ twist = gradient."""
        weighted = (self.jacobian * self.weight[..., None]).transpose(1, 2)  # (B, 6, R)
        return weighted @ self.jacobian, -(weighted @ self.value[..., None])[..., 0]

    def variance_m2(self) -> Tensor:
        """Return the weighted variance (B,)."""
        return (self.weight * self.value.square()).sum(dim=1) / self.weight.sum(dim=1).clamp(min=1e-6)


class RenderedResiduals:
    """Depth, colour and outline of renderings against one observation, on the renderer's device.

    A pixel's ray is followed to the plane of the face that it sees: depth and the place on the texture there are smooth
    in the pose. The outline is where rendered points next to nothing lie on the map of distances to the mask's border.
    """

    def __init__(
        self, renderer: TorchRenderer, observation: Observation, centre_obj: np.ndarray, colour_m: float
    ) -> None:
        device = renderer.device
        self._renderer, self._size, self._colour_m = renderer, observation.size, colour_m
        self._centre_obj = torch.as_tensor(centre_obj, dtype=torch.float32, device=device)
        self._K = torch.from_numpy(observation.K).to(device)
        self._rays = torch.from_numpy(observation.rays).to(device)  # (N, 3)
        self._depth_m = torch.from_numpy(observation.depth_m).to(device)  # (N,)
        self._rgb = torch.from_numpy(observation.rgb).to(device)  # (N, 3)
        trusted = observation.depth_m > 0
        seen = observation.in_image.copy()
        if observation.mask is not None:
            trusted &= observation.mask
            seen &= observation.mask
        self._trusted = torch.from_numpy(trusted & ~observation.on_edge).to(device)
        self._seen = torch.from_numpy(seen).to(device)
        self._distance_px = None
        if observation.mask is not None:
            self._distance_px = torch.from_numpy(_distances_px(observation)).to(device)

    def at(self, T_cam_obj: Tensor, gate_m: float) -> list[Residuals]:
        """Compare renderings of poses (B, 4, 4): depth first, then colour and outline where they say something.

        gate_m: how far surfaces may be off.
        """
        T_cam_obj = T_cam_obj.to(self._renderer.device, torch.float32)
        K = self._K.expand(len(T_cam_obj), 3, 3).contiguous()
        hits = self._renderer.hits(T_cam_obj, K, (self._size, self._size))
        faces = _Faces.of(self._renderer, hits)
        hidden = (self._depth_m > 0) & (self._depth_m < faces.depth_m - gate_m)
        found = [self._depth(T_cam_obj, faces, gate_m)]
        if self._renderer.surface.has_colour:
            found.append(self._colour(T_cam_obj, faces, self._seen & ~hidden))
        if self._distance_px is not None:
            found.append(self._outline(T_cam_obj, faces, ~hidden))
        return found

    def _depth(self, T_cam_obj: Tensor, faces: "_Faces", gate_m: float) -> Residuals:
        """Along the faces' normals: point to plane."""
        normals = faces.normals @ T_cam_obj[:, :3, :3].transpose(1, 2)  # (B, N, 3)
        incidence = (normals * self._rays).sum(dim=-1).abs()

        def lacking(R_obj_cam: Tensor, camera_obj: Tensor) -> Tensor:
            depth_m, _ = faces.met(self._rays @ R_obj_cam.transpose(1, 2), camera_obj)
            return (depth_m - self._depth_m) * incidence

        value, jacobian = self._with_jacobian(lacking, T_cam_obj)
        facing = incidence / self._rays.norm(dim=-1)
        weight = _tukey(value / gate_m) * (facing / _GLANCING).clamp(max=1) * (faces.hit & self._trusted)
        return Residuals(value, weight, jacobian)

    def _colour(self, T_cam_obj: Tensor, faces: "_Faces", seen: Tensor) -> Residuals:
        """Of all channels, after the brightness and tint that fit best."""
        surface, shape = self._renderer.surface, faces.face.shape
        counted = faces.hit & seen  # (B, N)
        depths = faces.depth_m[counted]
        footprint_m = float(depths.median() / self._K[0, 0]) if len(depths) else 0.0

        def albedo(R_obj_cam: Tensor, camera_obj: Tensor) -> Tensor:
            _, barycentric = faces.met(self._rays @ R_obj_cam.transpose(1, 2), camera_obj)
            return surface.albedo(faces.face.flatten(), barycentric.flatten(0, 1), footprint_m).reshape(*shape, 3)

        value, jacobian = self._with_jacobian(albedo, T_cam_obj)
        gain, offset = _fitted_light(value, self._rgb, counted)
        difference = value * gain + offset - self._rgb
        weight = _tukey(difference.norm(dim=-1) / _COLOUR_GATE) * counted
        scale = self._colour_m
        return Residuals(
            (difference * scale).flatten(1),
            weight[..., None].expand(-1, -1, 3).flatten(1),
            (jacobian * (gain * scale)[..., None]).flatten(1, 2),
        )

    def _outline(self, T_cam_obj: Tensor, faces: "_Faces", seen: Tensor) -> Residuals:
        """How far rendered points beside nothing are from the mask's border, at their depth."""
        image = faces.hit.reshape(-1, 1, self._size, self._size).float()
        inner = -functional.max_pool2d(-functional.pad(image, (1, 1, 1, 1)), 3, stride=1)
        beside = (image > inner).flatten(1)
        points_obj = faces.points()
        metres_per_px = faces.depth_m / self._K[0, 0]

        def distance_m(R_obj_cam: Tensor, camera_obj: Tensor) -> Tensor:
            points = (points_obj - camera_obj[:, None]) @ R_obj_cam
            pixels = points @ self._K.T
            # The outermost pixels that are hit lie half a pixel within the outline, those of the mask as well.
            within_px = self._distances_at(pixels[..., :2] / pixels[..., 2:].clamp(min=1e-6)) + 0.5
            return within_px * metres_per_px

        value, jacobian = self._with_jacobian(distance_m, T_cam_obj)
        weight = _tukey(value / (_OUTLINE_GATE_PX * metres_per_px).clamp(min=1e-9)) * (beside & seen)
        return Residuals(value, weight, jacobian)

    def _distances_at(self, pixels: Tensor) -> Tensor:
        """Bilinear in the map of distances, at pixels (B, N, 2)."""
        last = self._size - 1
        place = pixels.clamp(0, last - 1e-3)
        corner = place.detach().floor().long()
        share = place - corner
        x, y, image = corner[..., 0], corner[..., 1], self._distance_px
        assert image is not None
        upper = image[y, x] * (1 - share[..., 0]) + image[y, x + 1] * share[..., 0]
        lower = image[y + 1, x] * (1 - share[..., 0]) + image[y + 1, x + 1] * share[..., 0]
        return upper * (1 - share[..., 1]) + lower * share[..., 1]

    def _with_jacobian(self, of_camera: Callable[[Tensor, Tensor], Tensor], T_cam_obj: Tensor) -> tuple[Tensor, Tensor]:
        """Values (B, ...) of a function of R_obj_cam (B, 3, 3) and the camera's place (B, 3) in the object's frame.

        And their derivatives (B, ..., 6) by twists in camera axes about the object's centre, in forward mode: one twist
        stands for all poses, as a pose's values depend on its own alone.
        """
        R, t = T_cam_obj[:, :3, :3], T_cam_obj[:, :3, 3]

        def of_twist(twist: Tensor) -> tuple[Tensor, Tensor]:
            turn = twist[3:, None].expand_as(R)
            turned = R + torch.linalg.cross(turn, R, dim=1)  # to first order: all that a derivative needs
            R_obj_cam = turned.transpose(1, 2)
            moved = t + twist[:3] + (R - turned) @ self._centre_obj
            value = of_camera(R_obj_cam, -(R_obj_cam @ moved[..., None])[..., 0])
            return value, value

        jacobian, value = torch.func.jacfwd(of_twist, has_aux=True)(torch.zeros(6, device=R.device))
        return value, jacobian


@dataclass(frozen=True)
class _Faces:
    """What the pixels (B, N) see: hit; face, 0 where nothing; its first corner and normal (B, N, 3), the two edges from
    there, and the directions along which shares of them are measured (B, N, 2, 3).
    """

    hit: Tensor
    face: Tensor
    depth_m: Tensor
    barycentric: Tensor
    corner: Tensor
    edges: Tensor
    measures: Tensor
    normals: Tensor

    @classmethod
    def of(cls, renderer: TorchRenderer, hits: Hits) -> "_Faces":
        surface = renderer.surface
        face = hits.face.clamp(min=0).flatten(1).long()
        corners = surface.vertices[surface.faces[face].long()]  # (B, N, 3, 3)
        a, b = corners[..., 1, :] - corners[..., 0, :], corners[..., 2, :] - corners[..., 0, :]
        aa, ab, bb = (a * a).sum(-1, True), (a * b).sum(-1, True), (b * b).sum(-1, True)
        area_squared = _away_from_zero(aa * bb - ab.square(), 1e-20)
        return cls(
            hit=(hits.face >= 0).flatten(1),
            face=face,
            depth_m=hits.depth_m.flatten(1),
            barycentric=hits.barycentric.flatten(1, 2),
            corner=corners[..., 0, :],
            edges=torch.stack([a, b], dim=-2),
            measures=torch.stack([bb * a - ab * b, aa * b - ab * a], dim=-2) / area_squared[..., None],
            normals=surface.face_normals[face],
        )

    def points(self) -> Tensor:
        """Return points (B, N, 3) in the object's frame."""
        return self.corner + (self.barycentric[..., None] * self.edges).sum(dim=-2)

    def met(self, directions: Tensor, camera_obj: Tensor) -> tuple[Tensor, Tensor]:
        """Find depth (B, N) and barycentric (B, N, 2) where rays (B, N, 3) from cameras (B, 3) meet faces' planes."""
        start = self.corner - camera_obj[:, None]
        depth_m = (self.normals * start).sum(dim=-1) / _away_from_zero((self.normals * directions).sum(dim=-1))
        inside = depth_m[..., None] * directions - start  # from the first corner
        return depth_m, (self.measures * inside[..., None, :]).sum(dim=-1)


def _away_from_zero(values: Tensor, least: float = 1e-6) -> Tensor:
    return torch.where(values.abs() < least, least, values)


def _tukey(relative: Tensor) -> Tensor:
    """Biweight (Beaton and Tukey 1974): 1 at no residual, 0 from the gate on."""
    return (1 - relative.square()).clamp(min=0).square()


def _fitted_light(albedo: Tensor, rgb: Tensor, counted: Tensor) -> tuple[Tensor, Tensor]:
    """Gain and offset (B, 1, 3) that bring albedo (B, N, 3) nearest to rgb (N, 3), per channel."""
    share = counted[..., None] / counted.sum(dim=1).clamp(min=1)[:, None, None]
    mean, mean_rgb = (albedo * share).sum(1, keepdim=True), (rgb * share).sum(1, keepdim=True)
    spread = ((albedo - mean).square() * share).sum(1, keepdim=True)
    common = ((albedo - mean) * (rgb - mean_rgb) * share).sum(1, keepdim=True)
    # A surface of one colour tells nothing of the light's contrast: the gain is then held near 1.
    gain = ((common + 1e-3) / (spread + 1e-3)).clamp(0.3, 2.0)
    return gain, mean_rgb - gain * mean


def _distances_px(observation: Observation) -> np.ndarray:
    """(n, n) float32: distance to the mask's border, positive outside; 0 half way between pixels in and out."""
    mask = np.asarray(observation.mask).reshape(observation.size, observation.size).astype(np.uint8)
    outside = cv2.distanceTransform(1 - mask, cv2.DIST_L2, 5)
    inside = cv2.distanceTransform(mask, cv2.DIST_L2, 5)
    return np.where(mask > 0, 0.5 - inside, outside - 0.5).astype(np.float32)
