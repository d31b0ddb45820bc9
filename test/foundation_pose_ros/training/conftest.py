"""Small libraries of meshes and pictures, made up, and scenes of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from foundation_pose_ros.synthetic.meshes import make_mesh

DESIGNS = ("sticker_cube", "bracket", "mug", "ball")


@pytest.fixture(scope="session")
def mesh_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four made-up objects, each several times by other names, so that some are held out."""
    folder = tmp_path_factory.mktemp("meshes")
    rows = ["name,file,licence,diameter_m"]
    for name in DESIGNS:
        make_mesh(name, 0).export(folder / f"{name}.glb")
        rows += [f"{name}_{k},{name}.glb,CC0-1.0,0.1" for k in range(6)]
    (folder / "index.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def texture_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three pictures of noise."""
    folder = tmp_path_factory.mktemp("textures")
    rng = np.random.default_rng(0)
    for k in range(3):
        Image.fromarray(rng.integers(0, 256, (24, 32, 3), np.uint8)).save(folder / f"{k}.jpg")
    (folder / "index.csv").write_text(
        "file,kind,licence\n" + "".join(f"{k}.jpg,surface,CC0-1.0\n" for k in range(3)), encoding="utf-8"
    )
    return folder


@pytest.fixture(scope="session")
def pictures(mesh_folder: Path, texture_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two small scenes of library meshes, two pictures each, by the fast renderer."""
    pytest.importorskip("pydantic", reason="descriptions of scenes need pydantic")
    from foundation_pose_ros.scenes.generation import Generation, dataset_in
    from foundation_pose_ros.scenes.libraries import Libraries
    from foundation_pose_ros.scenes.procedural import ProceduralChoices, ProceduralComposer

    libraries = Libraries(mesh_folder, texture_folder)
    choices = ProceduralChoices((3, 3), (1, 1), library_share=1.0, width_px=320, height_px=240, frames=2)
    folder = tmp_path_factory.mktemp("pictures")
    run = Generation(dataset_in(folder), ProceduralComposer(choices, libraries), scenes=2, libraries=libraries)
    outcomes = list(run.run(run.open()))
    assert not any(outcome.error for outcome in outcomes), outcomes
    return folder


@pytest.fixture(scope="session")
def recording(pictures: Path) -> Path:
    """A sequence whose objects' poses and masks are known."""
    from foundation_pose_ros.scenes.dataset import DatasetFolder

    return DatasetFolder(pictures).scene(0)


@pytest.fixture
def losses_on() -> Callable[..., list[float]]:
    """Learn one batch over and over, and return the loss before each step."""

    def learn(task: Any, network: Any, batch: Any, steps: int, rate: float) -> list[float]:
        import torch

        optimizer = torch.optim.AdamW(network.parameters(), rate)
        losses = []
        for _ in range(steps):
            loss = task.loss(network, batch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(float(loss.detach()))
        return losses

    return learn
