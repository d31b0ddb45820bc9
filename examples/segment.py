"""Finds in an image what a few images with masks show, with no training.

    python examples/segment.py MASK.png [SUPPORT IMAGE]

Without SUPPORT and IMAGE views of a made-up cracker box are the examples, and another view is the image. SUPPORT: a
folder with images/ and masks/, or a .npz (docs/universeg.md).
"""

import sys
from pathlib import Path

import cv2

from foundation_pose_ros import ObjectModel
from foundation_pose_ros.synthetic.meshes import make_mesh
from foundation_pose_ros.synthetic.reference_views import render_views, sphere_poses
from universeg_ros import MaskResult, Segmenter, SupportSet
from universeg_ros.image_files import read_image


def main(arguments: list[str]) -> MaskResult:
    """Segment, write the mask, and print how sure it is."""
    path, *given = map(Path, arguments)
    if given:
        support, image = SupportSet.load(given[0]), read_image(given[1])
    else:
        box = ObjectModel.from_mesh(make_mesh("cracker_box"))
        *examples, query = render_views(box, sphere_poses(box, 9))
        support = SupportSet.from_arrays([view.frame.rgb for view in examples], [view.mask for view in examples])
        image = query.frame.rgb
    result = Segmenter(weights="default", device="cpu").set_support(support).segment(image)
    cv2.imwrite(str(path), result.mask)
    for label in result.labels:
        print(f"{label.name}: {label.area_px} px, expected Dice {label.confidence:.2f}")
    print(f"{path} ({result.time_s:.2f} s)")
    return result


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    main(sys.argv[1:])
