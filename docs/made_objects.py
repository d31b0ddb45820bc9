"""`python docs/made_objects.py`: draws objects that networks can learn from, for docs/compact_scorer.md.

All that is shown is made by `foundation_pose_ros.synthetic.made` from seeds.
"""

import cv2
import numpy as np
from scipy.spatial.transform import Rotation
from written_picture import write

from foundation_pose_ros import ObjectModel, se3
from foundation_pose_ros.overlay import contact_sheet
from foundation_pose_ros.rendering import EmbreeRenderer
from foundation_pose_ros.srgb import decode_srgb, encode_srgb
from foundation_pose_ros.synthetic.lighting import LampSettings
from foundation_pose_ros.synthetic.made.objects import FAMILIES, draw_object
from foundation_pose_ros.synthetic.surface_textures import one_colour_of

SEED, COLUMNS, CELL_PX, SUPERSAMPLE = 4, 8, 200, 3
GROUND = 0.8
# Upright, from 35 degrees above, turned by 30; tools are long, and fill a cell across.
UPRIGHT = Rotation.from_euler("zx", (30, 125), degrees=True)
ACROSS = Rotation.from_euler("z", 50, degrees=True) * UPRIGHT
LAMP = LampSettings(azimuth_deg=-120, elevation_deg=50, angular_radius_rad=0.1, sky=0.45).light()


def picture(model: ObjectModel, facing: np.ndarray) -> np.ndarray:
    """Render a model, turned by (3, 3), so that it fills the cell: (CELL_PX, CELL_PX, 3) uint8."""
    size = SUPERSAMPLE * CELL_PX
    away_m = 4 * model.diameter_m
    translation = np.array([0, 0, away_m]) - facing @ model.centre_m
    T_cam_obj = se3.from_rotation_translation(facing[None], translation[None])
    focal = 0.88 * size * away_m / model.diameter_m
    K = np.array([[focal, 0, (size - 1) / 2], [0, focal, (size - 1) / 2], [0, 0, 1]])
    seen = EmbreeRenderer(model).render(T_cam_obj, K, (size, size), normals=True, colour=True)
    assert seen.rgb is not None and seen.normals_cam is not None
    normals = seen.normals_cam[0].reshape(-1, 3) @ facing
    light = LAMP.irradiance(normals, np.ones(len(normals)), np.ones(len(normals)))
    lit = decode_srgb(seen.rgb[0]) * light.reshape(size, size, 3)
    shown = np.where(seen.depth_m[0][..., None] > 0, lit, GROUND).astype(np.float32)
    return encode_srgb(cv2.resize(shown, (CELL_PX, CELL_PX), interpolation=cv2.INTER_AREA))


def dressed(model: ObjectModel, rng: np.random.Generator) -> ObjectModel:
    """Give a model without colours one colour."""
    return model if model.has_colour else model.repainted(one_colour_of(model, np.float32(rng.uniform(0.3, 0.9, 3))))


def main() -> None:
    """Draw a row or two of each family, its kinds in turn."""
    cells, captions = [], []
    for family, kinds in FAMILIES.items():
        facing = (ACROSS if family == "tool" else UPRIGHT).as_matrix()
        for k in range(COLUMNS * max(1, round(len(kinds) / COLUMNS))):
            rng = np.random.default_rng([SEED, k])
            mesh = draw_object(rng, family, list(kinds)[k % len(kinds)])
            cells.append(picture(dressed(ObjectModel.from_mesh(mesh), rng), facing))
            captions.append(mesh.metadata["name"].replace("_", " "))
    sheet = contact_sheet(cells, COLUMNS, captions, CELL_PX)
    write("made_objects.jpg", sheet)


if __name__ == "__main__":
    main()
