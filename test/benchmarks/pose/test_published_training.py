"""The report of RefineNet's short run: its course as the log has it, and errors by networks whose worth is known."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")

from benchmarks.pose import published_training
from foundation_pose_ros.synthetic.mesh_library import IndexedMesh, MeshLibrary
from foundation_pose_ros.synthetic.meshes import make_mesh
from foundation_pose_ros.synthetic.surface_textures import TextureLibrary
from foundation_pose_ros.training.crop_pictures import Defects
from foundation_pose_ros.training.published_settings import OwnCropSteps, RefineNetStage

LOG = """step,pairs,processor_s,wall_s,loss,rate,left,farther,recorded_left,recorded_farther
25,800,30,31,0.5,0.001,nan,nan,nan,nan
50,1600,60,62,0.3,0.001,0.9,0.4,0.95,0.45
75,2400,90,93,0.2,0.001,0.5,0.1,0.8,0.2
"""


class SaysHowFarTheMiddlesAreApart(torch.nn.Module):
    """From the middle of the rendered points to that of the observed ones, and no turn."""

    def forward(self, rendered: Any, observed: Any) -> Any:
        middles = []
        for image in (rendered, observed):
            seen = image[:, 3:].abs().sum(dim=1, keepdim=True) > 0
            middles.append((image[:, 3:] * seen).sum(dim=(2, 3)) / seen.sum(dim=(2, 3)))
        return (middles[1] - middles[0])[:, None], torch.zeros(1, 1, 3)


class SaysNothing(torch.nn.Module):
    def forward(self, rendered: Any, observed: Any) -> Any:
        return torch.zeros(2, 1, 1, 3)


@pytest.fixture
def medians(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    make_mesh("mug", 0).export(tmp_path / "mug.glb")
    Image.new("RGB", (8, 8), (90, 120, 150)).save(tmp_path / "plain.png")
    meshes = MeshLibrary((IndexedMesh("mug", tmp_path / "mug.glb", "CC0-1.0", 0.1),))
    monkeypatch.setattr(published_training, "SCENES", 6)
    bare = Defects(0.0, ground=0.0, clutter=0.0, noise=0.0, stickers=0.0)
    settings = SimpleNamespace(stages=(RefineNetStage(1, size=64, drawn=OwnCropSteps(defects=bare)),))

    def of(network: Any) -> list[dict[str, float]]:
        trainer: Any = SimpleNamespace(average=network, settings=settings)
        return published_training.refined(trainer, meshes, TextureLibrary([tmp_path / "plain.png"], tmp_path))

    return of


def test_a_network_that_says_nothing_leaves_poses_where_they_were(medians: Any) -> None:
    rows = medians(SaysNothing())
    assert len(rows) == 1 + published_training.ITERATIONS
    for row in rows:
        assert row["centre"] == pytest.approx(0.1, abs=1e-3)
        assert row["angle_deg"] == pytest.approx(10, abs=0.05)


def test_a_network_that_says_how_far_off_the_points_are_brings_the_centre_near(medians: Any) -> None:
    rows = medians(SaysHowFarTheMiddlesAreApart())
    assert rows[-1]["centre"] < 0.4 * rows[0]["centre"]
    assert rows[-1]["angle_deg"] == pytest.approx(10, abs=0.1)


def test_the_course_is_that_of_the_log(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(LOG, encoding="utf-8")
    first, second = published_training.course(tmp_path / "log.csv")
    assert (first["step"], first["loss"], first["left"], first["minutes"]) == (50, 0.4, 0.9, 1.0)
    assert (second["pairs"], second["loss"], second["recorded_left"]) == (2400, 0.2, 0.8)
    report = {"course": [first, second]}
    assert "a step leaves" in published_training.figure(report)
