"""Makes docs/images/overlay.jpg: what overlay_node draws, of a made-up scene.

sh environment/run --for tests python docs/overlay_picture.py
"""

from pathlib import Path

from PIL import Image

from foundation_pose_ros.overlay import PALETTE, AugmentedReality, OverlayPose
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings

FILE = Path(__file__).resolve().parent / "images" / "overlay.jpg"
SCENE = SceneSettings(seed=21, frames=40, objects=["mug", "book", "soda_can"], clutter=4, occlusion=0.3, supersample=3)
SCORES, DOUBTED = (0.97, 0.93, 0.31), "soda_can"


def main() -> None:
    """Draw the objects at their true poses, one of them as if it were in doubt."""
    scene = make_scene(SCENE)
    frame_id = scene.frame_ids[20]
    frame = scene.frame(frame_id)
    poses = [
        OverlayPose(
            scene.model(name),
            scene.truth(frame_id, name),
            f"{name} {score:.2f}" + (" in doubt" if name == DOUBTED else ""),
            colour,
            name == DOUBTED,
        )
        for name, score, colour in zip(scene.object_names, SCORES, PALETTE, strict=False)
    ]
    picture = AugmentedReality().draw(frame.rgb, frame.camera, poses, frame.depth_m, ["drill: lost (left the image)"])
    Image.fromarray(picture).save(FILE, quality=88)


if __name__ == "__main__":
    main()
