"""An agent's script through the official client: agent_server on standard input and output, pose_node on real DDS."""

import asyncio
import base64
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")
pytest.importorskip("foundation_perception", reason="foundation_perception isn't built here: source its workspace")
mcp = pytest.importorskip("mcp", reason="mcp isn't installed here: pip install 'foundation-perception[agents]'")

from foundation_perception.msg import TrackedObject
from mcp.client.stdio import StdioServerParameters

from foundation_pose_ros import ObjectModel, se3
from foundation_pose_ros.evaluation.metrics import pose_error
from foundation_pose_ros.synthetic.meshes import make_mesh
from foundation_pose_ros.synthetic.reference_views import StudioSettings, render_views, turn_poses
from foundation_pose_ros.synthetic.scene import SyntheticScene

pytestmark = pytest.mark.slow
# Frames take long to be worked on where the machine has much to do.
PATIENT = {"max_age_s": 20.0, "timeout_s": 40.0}
VIEW_STEP_NS = 800_000_000


def run_agent(bench: Any, script: Callable[[Any], Awaitable[None]], *arguments: str) -> None:
    """Start agent_server in a process of its own, and let an agent's script talk to it."""
    environment = dict(os.environ) | {"ROS_DOMAIN_ID": str(bench.context.get_domain_id())}
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "foundation_pose_ros.nodes.agent_server", *arguments], env=environment
    )

    async def run() -> None:
        async with mcp.Client(server, read_timeout_seconds=120.0) as client:
            await script(client)

    asyncio.run(run())


async def told(client: Any, tool: str, **arguments: Any) -> Any:
    """The structured answer of a tool; fails where it is an error."""
    answer = await client.call_tool(tool, arguments)
    assert not answer.is_error, answer.content[0].text
    return answer.structured_content


def T_of(seen: dict[str, Any]) -> np.ndarray:
    return se3.from_quaternion_xyzw(np.array(seen["quaternion_xyzw"]), np.array(seen["position_m"]))


def test_an_agent_adds_a_thing_finds_it_and_tells_its_pose(
    start: Callable[[dict[str, Any]], Any], scene: SyntheticScene, mesh_folder: Path
) -> None:
    bench = start({"mesh_directories": [str(mesh_folder)], "start": "search"})
    bench.ready()
    first = scene.frame_ids[0]

    async def script(client: Any) -> None:
        described = await told(client, "describe_scene")
        assert described["image_px"] == [640, 480] and described["objects"] == []
        outside = await client.call_tool("add_object", {"name": "mug", "mesh": "/etc/passwd"})
        assert outside.is_error and "outside the folders meshes may come from" in outside.content[0].text
        unknown = await client.call_tool("find", {"words": "mug"})
        assert unknown.is_error and "is no name of a known object (none)" in unknown.content[0].text

        await told(client, "add_object", name="mug", mesh="mug.glb")
        found = await told(client, "find", words="the mug", timeout_s=60.0)
        assert found["found_by"] == "search" and found["object"]["believed"]
        pose = await told(client, "get_pose", name="mug", min_score=0.5, **PATIENT)
        assert pose["frame_id"] == scene.frame(first).frame_id and pose["score"] >= 0.5
        assert f"z {pose['position_m'][2]:.3f} m in {pose['frame_id']}" in pose["words"]
        symmetries = scene.model("mug").symmetries.transforms()
        error_m, error_deg = pose_error(T_of(pose), scene.truth(first, "mug"), symmetries)
        print(f"told by the agent: {1000 * error_m:.1f} mm, {error_deg:.1f} deg")
        assert error_m < 0.004 and error_deg < 3.0

        listed = (await told(client, "list_objects"))["result"]
        assert [(o["name"], o["state"]) for o in listed] == [("mug", "TRACKING")]
        mask = scene.mask(first, "mug")
        assert mask is not None
        v, u = (int(np.median(index)) for index in np.nonzero(mask))
        assert (await told(client, "register", name="mug", left=u, top=v))["believed"]
        shown = (await client.call_tool("show", {})).content[0]
        picture = cv2.imdecode(np.frombuffer(base64.b64decode(shown.data), np.uint8), cv2.IMREAD_COLOR)
        assert picture.shape == (480, 640, 3)
        # Outline and axes are drawn over the image.
        assert np.abs(picture[..., ::-1].astype(int) - scene.frame(first).rgb).max(axis=2)[mask].max() > 60

    with bench.filming(scene.frame(first)):
        run_agent(bench, script)


def test_an_agent_onboards_a_thing_that_is_shown_and_finds_it_again(
    start: Callable[[dict[str, Any]], Any], tmp_path: Path
) -> None:
    carton = ObjectModel.from_mesh(make_mesh("cracker_box", 0), name="carton")
    poses = turn_poses(carton, 12, turn_deg=96.0)
    views = render_views(carton, poses, settings=StudioSettings(light_turns=True))
    parameters = {
        "onboarding_directory": str(tmp_path),
        "onboarding_voxels": 80_000,
        "onboarding_texture": 0,
        "start": "search",
    }
    bench = start(parameters)
    bench.ready()

    async def script(client: Any) -> None:
        state = await told(client, "onboard_object", step="start", name="carton", masks="topic")
        assert state["state"] == "RECORDING"
        for kept, view in enumerate(views[:9], start=1):
            bench.send(view.frame, view.mask, step_ns=VIEW_STEP_NS)
            while (await told(client, "onboard_object", step="status"))["views"] < kept:
                await asyncio.sleep(0.1)
        assert (await told(client, "onboard_object", step="stop"))["name"] == "carton"
        while (state := await told(client, "onboard_object", step="status"))["state"] not in ("DONE", "FAILED"):
            await asyncio.sleep(0.5)
        assert state["state"] == "DONE", state["words"]

        # Shown elsewhere: its motion between two views is the true one, which no choice of the model's frame changes.
        found = []
        for view in views[-2:]:
            with bench.filming(view.frame):
                await told(client, "find", words="carton", timeout_s=60.0)
            bench.object_of(bench.send(view.frame), TrackedObject.TRACKING)
            found.append(T_of(await told(client, "get_pose", name="carton", **PATIENT)))
        moved, meant = found[1] @ se3.inverse(found[0]), poses[-1] @ se3.inverse(poses[-2])
        centre = se3.transform_points(poses[-2], carton.centre_m[None])
        error_m = np.linalg.norm(se3.transform_points(moved, centre) - se3.transform_points(meant, centre))
        print(f"onboarded, found again: {1000 * error_m:.1f} mm")
        assert error_m < 0.005

    run_agent(bench, script, "--calls-per-minute", "6000")
