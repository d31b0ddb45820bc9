"""The renderer that a device, an installation and a wish lead to; refusals that say what to install."""

import sys

import pytest
import trimesh

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")

from foundation_pose_ros import InputRefused, ObjectModel
from foundation_pose_ros.rendering import EmbreeRenderer, factory, make_renderer, make_tensor_renderer
from foundation_pose_ros.rendering.torch_embree import EmbreeTensorRenderer


@pytest.fixture(scope="module")
def box() -> ObjectModel:
    return ObjectModel.from_mesh(trimesh.creation.box((0.1, 0.1, 0.1)))


def test_the_cpu_gets_embree(box):
    assert type(make_renderer(box)) is EmbreeRenderer
    assert type(make_tensor_renderer(box)) is EmbreeTensorRenderer


def test_warp_runs_on_the_cpu_when_it_is_asked_for(box):
    pytest.importorskip("warp", reason="warp-lang isn't installed here")
    assert type(make_renderer(box, "cpu", "warp")).__name__ == "WarpRenderer"


@pytest.mark.parametrize(("installed", "expected"), [(True, "nvdiffrast"), (False, "warp")])
def test_cuda_takes_nvdiffrast_where_it_is(monkeypatch, installed, expected):
    monkeypatch.setattr(factory, "find_spec", lambda name: object() if installed else None)
    assert factory.chosen("cuda:1") == expected
    assert factory.chosen("cuda", "warp") == "warp"


@pytest.mark.parametrize(
    ("device", "renderer", "reason", "fix"),
    [
        ("cpu", "opengl", "unknown_renderer", "auto, embree, warp, nvdiffrast"),
        ("tpu", "auto", "device", "cuda"),
        ("cuda", "embree", "device", "device cpu"),
        ("cpu", "nvdiffrast", "device", "device cuda"),
    ],
)
def test_what_does_not_go_together_is_refused(box, device, renderer, reason, fix):
    with pytest.raises(InputRefused, match=fix) as refused:
        make_renderer(box, device, renderer)
    assert refused.value.reason == reason


def test_a_missing_renderer_says_how_to_get_it_and_under_which_licence(box, monkeypatch):
    monkeypatch.setitem(sys.modules, "nvdiffrast.torch", None)
    with pytest.raises(InputRefused, match=r"research and evaluation only.*pip install") as refused:
        make_renderer(box, "cuda", "nvdiffrast")
    assert refused.value.reason == "renderer_missing"
    monkeypatch.setitem(sys.modules, "warp", None)
    for module in ("torch_warp",):
        monkeypatch.delitem(sys.modules, f"foundation_pose_ros.rendering.{module}", raising=False)
    with pytest.raises(InputRefused, match=r"pip install .foundation-perception\[warp\]"):
        make_tensor_renderer(box, "cuda", "warp")


@pytest.mark.usefixtures("nvdiffrast_in_numpy")
def test_nvdiffrast_without_a_gpu_is_refused_in_words(box, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputRefused, match="needs an NVIDIA GPU") as refused:
        make_renderer(box, "cuda", "nvdiffrast")
    assert refused.value.reason == "device"
