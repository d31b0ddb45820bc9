"""Poses as the BOP challenge exchanges them: CSV, millimetres, one line per estimate."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..atomic_file import replacing
from ..datasets.image_files import checked_pose
from ..errors import InputRefused

HEADER = ("scene_id", "im_id", "obj_id", "score", "R", "t", "time")
_MOST_LINES = 5_000_000


@dataclass(frozen=True, eq=False)
class BopResult:
    """One estimate: T_cam_obj (4, 4) in metres; time_s for all estimates in the image together, -1 where unknown."""

    scene_id: int
    image_id: int
    object_id: int
    score: float
    T_cam_obj: np.ndarray
    time_s: float = -1.0


def write_results(path: Path, results: Iterable[BopResult]) -> None:
    """Write the file that the challenge's evaluation reads, whole or not at all."""
    with replacing(path) as unfinished, unfinished.open("w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(HEADER)
        for result in results:
            T = np.asarray(result.T_cam_obj, np.float64)
            R, t_mm = T[:3, :3].ravel(), 1000 * T[:3, 3]
            numbers = (" ".join(f"{value:.8g}" for value in values) for values in (R, t_mm))
            ids = (result.scene_id, result.image_id, result.object_id)
            writer.writerow([*ids, f"{result.score:.6g}", *numbers, f"{result.time_s:.6g}"])


def read_results(path: Path) -> list[BopResult]:
    """Read a file in the challenge's format; raises InputRefused, naming the line, for anything else."""
    if not path.is_file():
        raise InputRefused("file_missing", f"{path} is missing: give the CSV file with the poses")
    results = []
    with path.open(newline="", encoding="utf-8", errors="replace") as stream:
        for number, line in enumerate(csv.reader(stream), start=1):
            if number > _MOST_LINES:
                raise InputRefused("too_large", f"{path} has more than {_MOST_LINES} lines: give one dataset's results")
            if line and not (number == 1 and tuple(cell.strip() for cell in line) == HEADER):
                results.append(_result(line, f"{path}, line {number}"))
    if not results:
        raise InputRefused("no_poses", f"{path} holds no pose: its lines are {','.join(HEADER)}")
    return results


def _result(line: list[str], source: str) -> BopResult:
    try:
        scene_id, image_id, object_id = (int(cell) for cell in line[:3])
        score, time_s = float(line[3]), float(line[6])
        R = np.array(line[4].split(), np.float64).reshape(3, 3)
        t_mm = np.array(line[5].split(), np.float64).reshape(3)
        if len(line) != len(HEADER) or not np.isfinite([score, time_s, *R.ravel(), *t_mm]).all():
            raise ValueError("a cell too many, or a number that isn't finite")
    except (ValueError, IndexError) as error:
        raise InputRefused(
            "bad_csv",
            f"{source} can't be read ({error}): write {','.join(HEADER)} with 9 numbers in R and 3, in mm, in t, "
            "separated by spaces",
        ) from None
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = R, t_mm / 1000
    return BopResult(scene_id, image_id, object_id, score, checked_pose(T, source), time_s)
