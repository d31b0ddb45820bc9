"""The ONNX file computes what the network does, for any number of examples and any size, and names its licence."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")
onnx = pytest.importorskip("onnx", reason="onnx isn't installed here")
onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime isn't installed here")

from foundation_pose_ros.errors import InputRefused
from universeg_ros import UniverSeg
from universeg_ros.network.checkpoints import UniverSegWeightsInfo, load_checkpoint
from universeg_ros.network.onnx_export import INPUTS, OnnxForm, export_onnx


@pytest.mark.parametrize("features", [[32, 32, 32, 32], [6], [8, 6, 4]], ids=str)
def test_any_number_of_examples_of_any_size(tmp_path: Path, features: list[int]) -> None:
    model = load_checkpoint("default")[0] if len(features) == 4 else UniverSeg(features).eval()
    export_onnx(model, tmp_path / "net.onnx", UniverSegWeightsInfo(licence="CC0-1.0", note="a test"))
    stated = {entry.key: entry.value for entry in onnx.load(tmp_path / "net.onnx").metadata_props}
    assert stated == {"licence": "CC0-1.0", "note": "a test"}
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx", providers=["CPUExecutionProvider"])
    for count, height, width in ((1, 32, 48), (5, 64, 64), (17, 16, 24)):
        images = torch.rand(1, count + 1, 1, height, width)
        task = (images[:, 0], images[:, 1:], (torch.rand(1, count, 1, height, width) > 0.5).float())
        (found,) = session.run(None, {name: part.numpy() for name, part in zip(INPUTS, task, strict=True)})
        with torch.no_grad():
            assert np.abs(found - model.plain(*task).numpy()).max() < 1e-4


def test_a_file_that_computes_something_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = OnnxForm.forward
    monkeypatch.setattr(OnnxForm, "forward", lambda self, *task: 1.001 * whole(self, *task) + 0.01)
    with pytest.raises(InputRefused, match="is off by"):
        export_onnx(UniverSeg([4, 4]), tmp_path / "net.onnx", UniverSegWeightsInfo())
    assert list(tmp_path.iterdir()) == []
