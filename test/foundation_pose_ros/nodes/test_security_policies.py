"""config/sros2/policies.xml allows each node what it does, over real DDS, and nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from importlib import import_module
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from xml.etree import ElementTree

import pytest

rclpy = pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")
pytest.importorskip("foundation_perception", reason="foundation_perception isn't built here: source its workspace")

from rclpy.context import Context
from rclpy.parameter import Parameter

from foundation_pose_ros.nodes.demo.run import own_domain_id

POLICIES = ElementTree.parse(Path(__file__).resolve().parents[3] / "config" / "sros2" / "policies.xml")
# Module, class, and the package that it needs beside ROS's.
NODES = {
    "pose_node": ("foundation_pose_ros.nodes.pose.node", "PoseNode", ""),
    "overlay_node": ("foundation_pose_ros.nodes.overlay.node", "OverlayNode", ""),
    "browser_node": ("foundation_pose_ros.nodes.browser.node", "BrowserNode", "viser"),
    "collision_node": ("foundation_pose_ros.nodes.collision.node", "CollisionNode", "moveit_msgs"),
    "prompt_node": ("foundation_pose_ros.nodes.prompt.node", "PromptNode", ""),
    "segmentation_node": ("universeg_ros.nodes.node", "SegmentationNode", "torch"),
}
# Heard by some settings alone, or with use_sim_time.
NOT_ALWAYS = {"/tf", "/tf_static", "/clock", "/depth/camera_info", "/parameter_events"}


def allowed(node: str, kind: str, permission: str) -> set[str]:
    """Full names that the policies allow a node."""
    (profile,) = POLICIES.findall(f"enclaves/enclave[@path='/foundation_perception/{node}']/profiles/profile")
    names = [entry.text or "" for group in profile.findall(kind) if group.get(permission) == "ALLOW" for entry in group]
    return {name if name.startswith("/") else f"/{name}".replace("/~", f"/{node}") for name in names}


@contextmanager
def active(kind: type, mesh_folder: Path) -> Iterator[Any]:
    """A node that works, with one object."""
    values: dict[str, Any] = {
        "autostart": False,
        "objects": ["mug"],
        "mug.mesh": "mug.glb",
        "mesh_directories": [str(mesh_folder)],
        "port": 0,  # of the page; others don't know it
    }
    with own_domain_id() as domain_id:
        context = Context()
        rclpy.init(context=context, domain_id=domain_id)
        node = kind(context=context, parameter_overrides=[Parameter(n, value=v) for n, v in values.items()])
        try:
            if hasattr(node, "trigger_configure"):
                node.trigger_configure()
                node.trigger_activate()
            yield node
        finally:
            node.destroy_node()
            rclpy.shutdown(context=context)


def done_by(node: Any) -> dict[tuple[str, str], set[str]]:
    """Full names of what a node does now, by kind and permission, and those beside it in its process and enclave."""
    done: dict[tuple[str, str], set[str]] = {}
    for each in node.get_node_names_and_namespaces():
        # A node that another test has just ended may still show.
        if node.get_name() not in each[0] and "_client_" not in each[0]:
            continue
        for kind, names in (
            (("topics", "publish"), node.get_publisher_names_and_types_by_node(*each)),
            (("topics", "subscribe"), node.get_subscriber_names_and_types_by_node(*each)),
            (("services", "reply"), node.get_service_names_and_types_by_node(*each)),
            (("services", "request"), node.get_client_names_and_types_by_node(*each)),
        ):
            done.setdefault(kind, set()).update(name for name, _ in names)
    for action, service in (("execute", "reply"), ("call", "request")):
        names = {name.partition("/_action/")[0] for name in done["services", service] if "/_action/" in name}
        done["actions", action] = names
    return {kind: {name for name in names if "/_action/" not in name} for kind, names in done.items()}


def idle(name: str, done: dict[tuple[str, str], set[str]]) -> set[str]:
    """What the policies allow, and the node doesn't do."""
    return {
        entry
        for kind, names in done.items()
        for entry in allowed(name, *kind) - NOT_ALWAYS
        if not any(fnmatch(each, entry) for each in names)
    }


def beyond(name: str, done: dict[tuple[str, str], set[str]]) -> set[str]:
    """What the node does, and the policies don't allow."""
    return {
        each
        for kind, names in done.items()
        for each in names
        if not any(fnmatch(each, entry) for entry in allowed(name, *kind))
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", NODES)
def test_policies_allow_what_a_node_does_and_nothing_else(name, mesh_folder):
    module, kind, needs = NODES[name]
    if needs:
        pytest.importorskip(needs, reason=f"{needs} isn't installed here")
    # A node that another test has just ended may still show, and one of the same name isn't activated.
    for _ in range(3):
        with active(getattr(import_module(module), kind), mesh_folder) as node:
            # What is made, or has gone, shows in the graph a little later.
            deadline = monotonic() + 15
            while (idle(name, done := done_by(node)) or beyond(name, done)) and monotonic() < deadline:
                sleep(0.1)
        if len(done["topics", "subscribe"]) > 0:
            break
    assert not idle(name, done)
    assert not beyond(name, done)
