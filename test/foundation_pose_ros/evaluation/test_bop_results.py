"""The challenge's CSV files: what survives them, what is taken, and what is refused in which words."""

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.evaluation.bop_results import BopResult, read_results, write_results

HEADER = "scene_id,im_id,obj_id,score,R,t,time"
UPRIGHT = "1 0 0 0 1 0 0 0 1"


def pose(t: tuple[float, float, float], R: np.ndarray | None = None) -> np.ndarray:
    T = np.eye(4)
    T[:3, :3] = np.eye(3) if R is None else R
    T[:3, 3] = t
    return T


def read(folder: Path, *lines: str, encoding: str = "utf-8") -> list[BopResult]:
    (folder / "file.csv").write_text("\n".join([HEADER, *lines]) + "\n", encoding=encoding)
    return read_results(folder / "file.csv")


def test_results_survive_the_file(tmp_path, rng):
    R = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    T_cam_obj = pose((0.01, -0.2, 1.5), R * np.linalg.det(R))
    write_results(tmp_path / "a.csv", [BopResult(1, 2, 3, 0.25, T_cam_obj, 0.5)])
    assert (tmp_path / "a.csv").read_text().splitlines()[0] == "scene_id,im_id,obj_id,score,R,t,time"
    line = (tmp_path / "a.csv").read_text().splitlines()[1].split(",")
    assert [float(value) for value in line[5].split()] == pytest.approx([10, -200, 1500])
    (found,) = read_results(tmp_path / "a.csv")
    assert (found.scene_id, found.image_id, found.object_id, found.score, found.time_s) == (1, 2, 3, 0.25, 0.5)
    assert found.T_cam_obj == pytest.approx(T_cam_obj, abs=1e-7)


@pytest.mark.parametrize(
    "line",
    [
        "1,2,3,0.5,1 0 0 0 1 0 0 0 1,0 0",
        "1,2,3,0.5,1 0 0 0 1 0 0 0,0 0 1,0.1",
        "1,2,3,nan,1 0 0 0 1 0 0 0 1,0 0 1,0.1",
        "1,2,3,0.5,2 0 0 0 2 0 0 0 2,0 0 1,0.1",
        "one,2,3,0.5,1 0 0 0 1 0 0 0 1,0 0 1,0.1",
    ],
)
def test_a_line_that_is_none_is_named(tmp_path, line):
    (tmp_path / "bad.csv").write_text(
        "scene_id,im_id,obj_id,score,R,t,time\n1,2,3,1,1 0 0 0 1 0 0 0 1,0 0 1,1\n" + line
    )
    with pytest.raises(InputRefused, match=r"bad\.csv, line 3"):
        read_results(tmp_path / "bad.csv")


def test_no_poses_are_refused(tmp_path):
    (tmp_path / "empty.csv").write_text("scene_id,im_id,obj_id,score,R,t,time\n")
    for name in ("empty.csv", "missing.csv"):
        with pytest.raises(InputRefused, match=name):
            read_results(tmp_path / name)


def test_no_unit_but_millimetres_is_plausible(tmp_path):
    metres = [f"1,{image},3,0.5,{UPRIGHT},0.1 -0.2 {0.5 + image / 10},-1" for image in range(8)]
    with pytest.raises(InputRefused, match=r"millimetres.* by 1000") as refusal:
        read(tmp_path, *metres)
    assert refusal.value.reason == "bad_unit"
    # One pose at the camera is a wrong one, but no wrong unit.
    millimetres = [f"1,{image},3,0.5,{UPRIGHT},100 -200 {500 + 100 * image},-1" for image in range(2)]
    assert len(read(tmp_path, metres[0], *millimetres)) == 3


def test_a_byte_order_mark_is_taken(tmp_path):
    (found,) = read(tmp_path, f"1,2,3,0.5,{UPRIGHT},10 20 500,-1", encoding="utf-8-sig")
    assert found.image_id == 2
    (tmp_path / "bare.csv").write_text(f"1,2,3,0.5,{UPRIGHT},10 20 500,-1\n", encoding="utf-8-sig")
    assert read_results(tmp_path / "bare.csv")[0].scene_id == 1


def test_rounded_rotations_are_made_orthonormal(tmp_path):
    rotations = Rotation.random(200, np.random.default_rng(0)).as_matrix()
    lines = [f"1,{i},3,0.5,{' '.join(f'{v:.2f}' for v in R.ravel())},10 20 500,-1" for i, R in enumerate(rotations)]
    for R, result in zip(rotations, read(tmp_path, *lines), strict=True):
        found = result.T_cam_obj[:3, :3]
        assert found @ found.T == pytest.approx(np.eye(3), abs=1e-12)
        # Nine entries, each off by 0.005 at most, turn by no more than a degree.
        assert np.degrees(Rotation.from_matrix(found.T @ R).magnitude()) < 1


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (f"1,2,3,0.5,{UPRIGHT},0 0 500,-1,7", "8 cells, not 7"),
        (f"1,2,3,0.5,{UPRIGHT},0 0 500", "6 cells, not 7"),
        (f"1,2,3,nan,{UPRIGHT},0 0 500,-1", "score holds nan, which isn't finite"),
        (f"1,2,3,0.5,{UPRIGHT},0 -inf 500,-1", "t holds -inf, which isn't finite"),
        (f"1,2,3,0.5,{UPRIGHT},0 0 1e999,-1", "t holds 1e999, which isn't finite"),
        (f"1,2,3,0.5,{UPRIGHT},0 0 500,inf", "time holds inf, which isn't finite"),
        (f"1,2,3,0.5,{UPRIGHT},0 500,-1", "t has 2 numbers, not 3"),
        ("1,2,3,0.5,1 0 0 0 1 0 0 0,0 0 500,-1", "R has 8 numbers, not 9"),
        ("1,2,3,0.5,1 0 0 0 1 0 0 0 -1,0 0 500,-1", "R is no rotation"),
        ("1,2,3,0.5,1.05 0 0 0 1.05 0 0 0 1.05,0 0 500,-1", "R is no rotation"),
        ("1,2,3,0.5,1e300 0 0 0 1 0 0 0 1,0 0 500,-1", "R is no rotation"),
        ("1,2,3,0.5,0 0 0 0 0 0 0 0 0,0 0 500,-1", "R is no rotation"),
        (f"1,two,3,0.5,{UPRIGHT},0 0 500,-1", "two"),
        (f"1,2,3,{'9' * 200_000},{UPRIGHT},0 0 500,-1", "no CSV file"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_what_is_wrong_with_a_line_is_said(tmp_path, line, says):
    with pytest.raises(InputRefused, match=says):
        read(tmp_path, line)
