"""prompt_node beside pose_node and segmentation_node on real DDS, its endpoint on loopback: from words to a pose."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")
pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")
pytest.importorskip("foundation_perception", reason="foundation_perception isn't built here: source its workspace")
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter

from foundation_pose_ros.evaluation.metrics import pose_error
from foundation_pose_ros.nodes.client.object_pose import NotFound, ObjectPose
from foundation_pose_ros.nodes.client.prompt_client import PromptClient
from foundation_pose_ros.nodes.client.segmentation_client import SegmentationClient
from foundation_pose_ros.nodes.prompt.node import PromptNode
from foundation_pose_ros.streams.image_messages import to_array
from foundation_pose_ros.synthetic.scene import SyntheticScene
from universeg_ros.nodes.node import SegmentationNode

pytestmark = pytest.mark.slow


@pytest.fixture
def nodes(start: Callable[[dict[str, Any]], Any], mesh_folder: Path, endpoint: Any) -> Iterator[Callable[..., Any]]:
    """Starts the three nodes, the prompt_node with these parameters and the endpoint: pose_node's bench, and it."""
    bench = start(
        {
            "objects": ["mug"],
            "mug.mesh": "mug.glb",
            "mesh_directories": [str(mesh_folder)],
            "start": "masks",
            "buffer_s": 60.0,
        }
    )
    bench.ready()
    started: list[tuple[Any, Any, threading.Thread]] = []

    def spin(node: Any) -> None:
        executor = SingleThreadedExecutor(context=bench.context)
        executor.add_node(node)
        thread = threading.Thread(target=executor.spin, daemon=True)
        thread.start()
        started.append((node, executor, thread))

    def begin(**parameters: Any) -> Any:
        own = {"endpoint_url": endpoint.url, "endpoint_model": "vlm", "aliases": ["mug: coffee cup"]} | parameters
        overrides = [Parameter(name, value=value) for name, value in own.items()]
        spin(SegmentationNode(context=bench.context))
        spin(PromptNode(context=bench.context, parameter_overrides=overrides))
        prompts = started[-1][0]
        bench.wait(lambda: prompts.active, "prompt_node to be active")
        bench.wait(lambda: prompts.session._segmentation_client.offered, "prompt_node to see segmentation_node")
        bench.wait(lambda: bench._publishers["rgb/image"].get_subscription_count() == 2, "prompt_node to listen")
        return bench, prompts

    yield begin
    for node, executor, thread in started:
        executor.shutdown()
        thread.join()
        node.destroy_node()


def answer_of(mask: np.ndarray) -> str:
    """What a model would say that sees this mask (H, W)."""
    rows, columns = np.nonzero(mask)
    height, width = mask.shape
    sides = {
        "left": 1000 * int(columns.min()) / width,
        "top": 1000 * int(rows.min()) / height,
        "right": 1000 * int(columns.max() + 1) / width,
        "bottom": 1000 * int(rows.max() + 1) / height,
    }
    return json.dumps({"boxes": [sides | {"score": 0.9}]})


def test_words_lead_to_a_pose_and_to_examples_that_need_no_endpoint(
    nodes: Callable[..., Any], scene: SyntheticScene, endpoint: Any
) -> None:
    bench, prompts = nodes(least_confidence=0.2, stale_after_s=60.0)
    first, last = scene.frame_ids[0], scene.frame_ids[-1]
    truth, later_truth = scene.mask(first, "mug"), scene.mask(last, "mug")
    assert truth is not None and later_truth is not None
    endpoint.says(answer_of(truth))
    with (
        PromptClient(context=bench.context) as client,
        SegmentationClient(context=bench.context) as segmentation,
    ):
        bench.wait(lambda: client.offered and segmentation.offered, "both nodes")
        with bench.filming(scene.frame(first)):
            bench.wait(lambda: bench.heard["/pose_node/objects"] and prompts.session.last.count, "a first frame")
            # A thing without a model: a region, and an example.
            found = client.find("the striped thing", without_pose=True)
        assert found.found_by == "endpoint" and found.support_set == "striped_thing" and not found.object.id
        assert overlap(found, truth) > 0.5
        assert segmentation.support_sets() == {"striped_thing": 1}
        asked = len(endpoint.asked)

        with bench.filming(scene.frame(last)):
            bench.object_of(bench.send(scene.frame(last)))
            # Another image is segmented by it.
            found = client.find("striped thing")
            print(f"by the example: confidence {found.regions[0].score:.2f}, overlap {overlap(found, later_truth):.2f}")
            assert found.found_by == "support" and len(endpoint.asked) == asked
            assert overlap(found, later_truth) > 0.25
            assert "no model of it is known" in found.message and "live_support to striped_thing" in found.message

            # A known object by another name: its box is registered.
            endpoint.says(answer_of(later_truth))
            found = client.find("a coffee cup", timeout_s=0.3)
            assert found.found_by == "endpoint" and found.object.id == "mug", found.message
            T_found = ObjectPose.of_message(found.object).T_frame_obj
            symmetries = scene.model("mug").symmetries.transforms()
            error_m, error_deg = pose_error(T_found, scene.truth(last, "mug"), symmetries)
            print(f"from the endpoint's box: {1000 * error_m:.1f} mm, {error_deg:.1f} deg")
            assert error_m < 0.004 and error_deg < 3.0

            # Once it is tracked, words find it at once.
            asked = len(endpoint.asked)
            assert client.find("Mug").found_by == "search" and len(endpoint.asked) == asked

        segmentation.remove_support("striped_thing")
        assert "striped_thing" not in segmentation.support_sets()
        with pytest.raises(NotFound, match="striped_thing"):
            segmentation.remove_support("striped_thing")


def overlap(found: Any, truth: np.ndarray) -> float:
    """Intersection over union of the mask that was found with the true one (H, W)."""
    mask = to_array(found.mask) > 0
    return float((mask & truth).sum() / (mask | truth).sum())


def test_what_can_not_be_found_is_said(nodes: Callable[..., Any], scene: SyntheticScene, endpoint: Any) -> None:
    bench, prompts = nodes(endpoint_timeout_s=0.5)
    with PromptClient(context=bench.context) as client:
        bench.wait(lambda: client.offered, "prompt_node")
        with pytest.raises(NotFound, match="no images come in on /rgb/image"):
            client.find("mug of tea")
        with bench.filming(scene.frame(scene.frame_ids[0])):
            bench.wait(lambda: bench.heard["/pose_node/objects"] and prompts.session.last.count, "a first frame")
            for content, said in (("nothing here", "is no JSON"), ('{"boxes": []}', "the endpoint sees no teapot")):
                endpoint.says(content)
                with pytest.raises(NotFound, match=said):
                    client.find("teapot")
            endpoint.answer = lambda handler: endpoint.ended.wait(20.0)
            with pytest.raises(NotFound, match=r"didn't answer in 0\.5 s"):
                client.find("teapot")
            with pytest.raises(NotFound, match="printable"):
                client.find("\n")
            with pytest.raises(NotFound, match="timeout_s must be"):
                client.find("teapot", timeout_s=-1.0)
