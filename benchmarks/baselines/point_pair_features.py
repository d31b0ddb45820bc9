"""OpenCV's surface matching by point pair features (Drost et al. 2010), in a process of its own.

It is part of opencv-contrib, which can't stand beside the opencv that everything else here uses: it lies in a folder
that only this process looks into. What runs there: `python -m benchmarks.baselines.point_pair_features IN.npz OUT.npz`.
"""

import importlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.reporting.results import ROOT
from foundation_pose_ros.errors import InputRefused

NAME = "OpenCV PPF + ICP"
CONTRIB = ROOT / ".environment" / "contrib"
# Of the diameter, between points. Training on a mug takes 0.1 s at 0.1, 4.6 s at 0.07 and over 40 s at 0.05 (a core of
# an AMD EPYC).
_STEP = 0.08
_SCENE_SHARE = 1 / 5
_KEPT = 3
_LIMIT_S = 900


def match(model: np.ndarray, scenes: list[np.ndarray]) -> tuple[list[np.ndarray], list[float]]:
    """Return T_cam_obj (4, 4) and seconds for each scene; model and scenes are points with normals (n, 6), metres.

    Raises InputRefused where opencv-contrib isn't there.
    """
    if not (CONTRIB / "cv2").is_dir():
        raise InputRefused(
            "not_installed",
            f"opencv-contrib isn't in {CONTRIB}: run `make bench`, or "
            f"pip install --no-deps --target {CONTRIB} opencv-contrib-python-headless",
        )
    with tempfile.TemporaryDirectory() as folder:
        given, answered = Path(folder, "in.npz"), Path(folder, "out.npz")
        arrays: dict[str, Any] = {"model": model} | {f"scene_{k}": scene for k, scene in enumerate(scenes)}
        np.savez(given, **arrays)
        paths = os.pathsep.join([str(CONTRIB), str(ROOT), os.environ.get("PYTHONPATH", "")])
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.baselines.point_pair_features", given, answered],
            env=os.environ | {"PYTHONPATH": paths},
            capture_output=True,
            text=True,
            timeout=_LIMIT_S,
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise InputRefused("failed", f"{NAME} failed: {last}")
        with np.load(answered) as answer:
            return list(answer["poses"]), answer["seconds"].tolist()


def _main(given: Path, answered: Path) -> None:
    matching: Any = importlib.import_module("cv2").ppf_match_3d
    with np.load(given) as arrays:
        model = arrays["model"].astype(np.float32)
        scenes = [arrays[f"scene_{k}"].astype(np.float32) for k in range(len(arrays.files) - 1)]
    detector = matching.PPF3DDetector(_STEP, _STEP)
    detector.trainModel(model)
    icp = matching.ICP(50, 0.005, 2.5, 4)
    poses, seconds = [], []
    for scene in scenes:
        started = perf_counter()
        found = detector.match(scene, _SCENE_SHARE, _STEP)[:_KEPT]
        _, refined = icp.registerModelToScene(model, scene, found)
        best = min(refined, key=lambda pose: pose.residual) if refined else None
        seconds.append(perf_counter() - started)
        poses.append(np.eye(4) if best is None else best.pose)
    np.savez(answered, poses=np.array(poses), seconds=seconds)


if __name__ == "__main__":
    _main(Path(sys.argv[1]), Path(sys.argv[2]))
