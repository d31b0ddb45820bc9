"""Parameters choose the methods, and weights come from the folder that they name alone."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")

from foundation_pose_ros import InputRefused
from foundation_pose_ros.estimation.methods import GeometricMethods
from foundation_pose_ros.networks.shipped_weights import COMPACT_SCORER
from foundation_pose_ros.nodes.pose.parameters import POSE_NODE
from foundation_pose_ros.nodes.pose.settings import contradiction, extrinsics, method_choice


def parameters(**changed: Any) -> dict[str, Any]:
    return {row.name: row.default for row in POSE_NODE} | changed


def test_without_a_choice_methods_are_learning_free() -> None:
    choice = method_choice(parameters(), threads=3)
    assert isinstance(choice.methods(), GeometricMethods) and choice.threads == 3


def test_a_choice_goes_into_the_methods(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="PyTorch isn't installed here")
    values = parameters(refiner="learned", scorer="geometric", weights_directory=str(tmp_path), polish=False)
    choice = method_choice(values, threads=1)
    assert (choice.refiner, choice.scorer, choice.weights, choice.polish) == ("learned", "geometric", tmp_path, False)
    with pytest.raises(InputRefused, match=f"{tmp_path} holds no"):
        choice.methods()
    with pytest.raises(InputRefused, match="weights_directory"):
        method_choice(parameters(scorer="learned"), threads=1)


def test_a_compact_scorer_is_read_from_the_folder_of_weights(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime isn't installed here")
    choice = method_choice(parameters(scorer="compact", weights_directory=str(tmp_path)), threads=1)
    with pytest.raises(InputRefused, match=f"{tmp_path}/{COMPACT_SCORER} isn't there"):
        choice.methods()


@pytest.mark.parametrize("name", ["refiner", "scorer"])
def test_compact_networks_come_with_the_package(name: str) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime isn't installed here")
    assert isinstance(method_choice(parameters(**{name: "compact"}), threads=1).methods(), GeometricMethods)


@pytest.mark.parametrize("folder", ["/", "//", "/tmp/..", "/."])
def test_the_root_of_the_file_system_is_no_folder_of_meshes(folder: str) -> None:
    assert "name the folders of meshes" in contradiction(parameters(mesh_directories=["/srv/meshes", folder]))
    assert not contradiction(parameters(mesh_directories=["/srv/meshes", "~/meshes", ""]))


def test_extrinsics_are_parsed_or_refused_in_words() -> None:
    T = extrinsics("0.05 0 -0.01, 0 0 0.7071068 0.7071068")
    assert T is not None and T[:3, 3] == pytest.approx([0.05, 0, -0.01])
    assert T[:2, :2] == pytest.approx(np.array([[0, -1], [1, 0]]), abs=1e-6)
    assert extrinsics(" ") is None
    for bad in ("0 0 0", "0 0 0 0 0 0 0", "a b c d e f g", "0 0 nan 0 0 0 1"):
        assert "seven numbers" in contradiction(parameters(depth_extrinsics=bad))
