"""Makes a mesh of an object from a few RGB-D views, where there is no CAD model.

    python examples/reconstruct.py MODEL.glb [VIEWS]

Without VIEWS a cracker box is rendered from 14 sides. VIEWS: a folder with rgb/, depth/, masks/ and, if they are known,
poses (docs/reference_views.md).
"""

import sys
from pathlib import Path

from foundation_pose_ros import ObjectModel
from foundation_pose_ros.reconstruction.capture.view_folder import read_views
from foundation_pose_ros.reconstruction.model_files import write_model
from foundation_pose_ros.reconstruction.reconstruct import Reconstruction, ReconstructionSettings, reconstruct
from foundation_pose_ros.synthetic.meshes import make_mesh
from foundation_pose_ros.synthetic.reference_views import render_views, sphere_poses


def main(arguments: list[str], settings: ReconstructionSettings | None = None) -> Reconstruction:
    """Reconstruct, write MODEL.glb with a picture and a report beside it, and print how good it is."""
    path, *folder = map(Path, arguments)
    if folder:
        views = read_views(folder[0])
    else:
        box = ObjectModel.from_mesh(make_mesh("cracker_box"))
        views = render_views(box, sphere_poses(box, 14))
    made = reconstruct(views, path.stem, settings or ReconstructionSettings(), on_step=print)
    write_model(made, path)
    print(f"{path}: {len(made.model.faces)} faces, {1000 * made.model.diameter_m:.0f} mm across")
    return made


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    main(sys.argv[1:])
