"""The page: well-formed, whole in itself, its curves and pictures those of the rows."""

import base64
import re
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest

from foundation_pose_ros.evaluation import report
from foundation_pose_ros.evaluation.charts import recall_chart, reliability_chart
from foundation_pose_ros.evaluation.evaluate import Judge, JudgedEstimate
from foundation_pose_ros.evaluation.html_report import write_html
from foundation_pose_ros.evaluation.metrics import ReliabilityBin
from foundation_pose_ros.evaluation.runner import Estimate
from foundation_pose_ros.evaluation.worst_cases import worst_cases
from foundation_pose_ros.pose_result import PoseResult
from foundation_pose_ros.synthetic.scene import SyntheticScene, make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from foundation_pose_ros.tracking.state_machine import TrackState


@pytest.fixture(scope="module")
def scene() -> SyntheticScene:
    return make_scene(SceneSettings(seed=1, frames=4, objects=["mug"], clutter=0, width=160, height=120, supersample=1))


@pytest.fixture(scope="module")
def rows(scene: SyntheticScene) -> list[JudgedEstimate]:
    """Right in the first frame, 30 mm off in the second, 60 mm in the third, no pose in the last."""
    judge, found = Judge(scene.model("mug")), []
    for frame_id, off_m in zip(scene.frame_ids, (0.0, 0.03, 0.06, None), strict=True):
        result = None
        if off_m is not None:
            T = scene.truth(frame_id, "mug").copy()
            T[0, 3] += off_m
            result = PoseResult("mug", T, 0.9 - off_m, np.eye(6))
        message = "" if result else "hidden <behind> a box"
        found.append(judge(scene, Estimate(frame_id, "mug", TrackState.TRACKING, result, message=message)))
    return found


def test_worst_cases_come_worst_first_and_right_ones_not_at_all(scene, rows):
    cases = worst_cases([scene], rows)
    assert [case.row.estimate.frame_id for case in cases] == ["000002", "000001", "000003"]
    assert len(worst_cases([scene], rows, count=1)) == 1


def test_a_picture_shows_truth_and_estimate(scene, rows):
    (worst, _, without) = worst_cases([scene], rows)
    orange = np.abs(worst.picture.astype(int) - (255, 110, 60)).max(axis=2) < 60
    green = np.abs(worst.picture.astype(int) - (64, 224, 160)).max(axis=2) < 60
    assert worst.picture.shape == (300, 300, 3)
    assert np.argwhere(orange)[:, 1].mean() > np.argwhere(green)[:, 1].mean() + 20, "the estimate lies to the right"
    assert (np.abs(without.picture.astype(int) - (255, 110, 60)).max(axis=2) < 60).mean() < orange.mean() / 2


def test_the_page_is_whole_in_itself_and_says_what_the_rows_say(scene, rows, tmp_path: Path):
    found = report.as_json(rows, {"mode": "register"}) | {"bop": _bop()}
    write_html(tmp_path / "page.html", found, [scene], rows)
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert list(tmp_path.iterdir()) == [tmp_path / "page.html"]
    assert not re.search(r"(src|href)=\"(?!data:)", text), "nothing is fetched from elsewhere"
    root = ElementTree.fromstring(text.replace("<!doctype html>", ""))
    cells = [[cell.text for cell in line] for line in root.iter("tr")]
    mug = next(line for line in cells if line[0] == "mug")
    # ADD of a shift is its length: of four, only the first is below a tenth of the diameter of 13 cm.
    assert mug[1:3] == ["4", "0.250"]
    assert ["obj_000001", "7", "0.500", "0.600", "0.700", "0.600"] in cells
    captions = " ".join("".join(caption.itertext()) for caption in root.iter("figcaption"))
    assert "ADD 60.0 mm" in captions and "hidden <behind> a box" in captions
    pictures = [image.attrib["src"] for image in root.iter("img")]
    assert [picture.split(";")[0] for picture in pictures] == ["data:image/png", *["data:image/jpeg"] * 3]
    strip, jpeg = (np.frombuffer(base64.b64decode(picture.split(",")[1]), np.uint8) for picture in pictures[:2])
    assert cv2.imdecode(jpeg, cv2.IMREAD_COLOR).shape == (300, 300, 3)
    assert cv2.imdecode(strip, cv2.IMREAD_COLOR).shape[1] > 300, "a cell per frame beside the name"


def test_a_recall_curve_steps_at_the_errors():
    svg = recall_chart({"mug": np.array([0.1, np.inf])}, limit=0.5, mark=0.1, what="ADD")
    line = next(e for e in ElementTree.fromstring(svg).iter() if e.tag.endswith("polyline"))
    x, y = np.array([point.split(",") for point in line.attrib["points"].split()], float).T
    assert len(x) == 4
    assert x[1] == x[2] and (x[1] - x[0]) / (x[3] - x[0]) == pytest.approx(0.2, abs=0.01)
    assert y[0] == y[1] > y[2] == y[3]
    everything = y[0] - 2 * (y[0] - y[2])
    full = recall_chart({"mug": np.array([0.1])}, limit=0.5, mark=0.1, what="ADD")
    line = next(e for e in ElementTree.fromstring(full).iter() if e.tag.endswith("polyline"))
    assert float(line.attrib["points"].split()[-1].split(",")[1]) == pytest.approx(everything, abs=0.2)


def test_a_reliable_bin_lies_on_the_diagonal():
    svg = ElementTree.fromstring(reliability_chart([ReliabilityBin(5, 0.3, 0.3), ReliabilityBin(95, 0.9, 0.5)]))
    diagonal = next(e for e in svg if e.tag.endswith("line") and "dasharray" in " ".join(e.attrib))
    x1, y1, x2, y2 = (float(diagonal.attrib[key]) for key in ("x1", "y1", "x2", "y2"))
    good, bad = [e.attrib for e in svg if e.tag.endswith("circle")]
    on_line = y1 + (float(good["cx"]) - x1) * (y2 - y1) / (x2 - x1)
    assert float(good["cy"]) == pytest.approx(on_line, abs=0.2)
    assert float(bad["r"]) > float(good["r"])


def _bop() -> dict:
    figures = {"targets": 7, "AR_VSD": 0.5, "AR_MSSD": 0.6, "AR_MSPD": 0.7, "AR": 0.6}
    return {"objects": {"obj_000001": figures}, "overall": figures}
