"""A simulated arm as a robot's driver would be: its wrist's camera on topics, the camera's place in TF.

python examples/manipulation/arm_node.py --ros-args -p folder:=meshes

`~/next_scene` (std_srvs/Trigger) puts the scene of the parameter `seed` on the table, the next one when it is called
again, and answers with the name of the object's mesh file, which it has written to `folder`; `~/mask` has the object's
pixels, as a detector would give them, and `~/truth` says where it truly is in base_link, for those who want to know how
good a pose was.
"""

import time
from pathlib import Path

import numpy as np
import rclpy
from geometry_msgs.msg import PoseStamped, TransformStamped
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.executors import ExternalShutdownException, MultiThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header
from std_srvs.srv import Trigger
from tf2_msgs.msg import TFMessage
from workcell import BASE_FRAME, CAMERA_FRAME, DESIGNS, Workcell

from foundation_pose_ros.nodes.latched import LATCHED
from foundation_pose_ros.nodes.pose.messages import to_pose, to_stamp, to_transform
from foundation_pose_ros.nodes.replay_node import to_camera_info
from foundation_pose_ros.streams.image_messages import fill_image

# Each picture of a scene has noise of its own.
_PICTURES = 3


class ArmNode(Node):
    """Publishes colour, depth, CameraInfo and TF at `rate_hz`. folder: for meshes. seed: of the next scene."""

    def __init__(self, **node_arguments: object) -> None:
        super().__init__("arm_node", **node_arguments)  # type: ignore[arg-type]
        self._folder = Path(self.declare_parameter("folder", "meshes").value or "meshes")
        seed = int(self.declare_parameter("seed", 0).value or 0)
        self._rate_hz = float(self.declare_parameter("rate_hz", 5.0).value or 5.0)
        self._image = self.create_publisher(Image, "rgb/image", 5)
        self._info = self.create_publisher(CameraInfo, "rgb/camera_info", 5)
        self._depth = self.create_publisher(Image, "depth/image", 5)
        self._tf = self.create_publisher(TFMessage, "/tf", 100)
        self._mask = self.create_publisher(Image, "~/mask", LATCHED)
        self._truth = self.create_publisher(PoseStamped, "~/truth", LATCHED)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._rng = np.random.default_rng(seed)
        self._pictures: list = []
        self._shown = 0
        # A scene takes seconds: the camera goes on meanwhile, and parameters can be asked for.
        beside = MutuallyExclusiveCallbackGroup()
        self.create_service(Trigger, "~/next_scene", self._next_scene, callback_group=beside)
        self.create_timer(1 / self._rate_hz, self._show)

    def _next_scene(self, _request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        seed = int(self.get_parameter("seed").value or 0)
        design = DESIGNS[seed % len(DESIGNS)]
        cell = Workcell(design, seed)
        self.set_parameters([Parameter("seed", value=seed + 1)])
        cell.look()
        self._pictures = [cell.view(self._rng) for _ in range(_PICTURES)]
        name = f"{design}.glb"
        cell.mesh.export(self._folder / name)
        mask = self._pictures[0].mask.astype(np.uint8) * 255
        self._mask.publish(fill_image(Image(header=Header(frame_id=CAMERA_FRAME)), mask, "mono8"))
        self._truth.publish(PoseStamped(header=self._header(BASE_FRAME), pose=to_pose(cell.T_base_obj)))
        response.success, response.message = True, name
        return response

    def _show(self) -> None:
        if not self._pictures:
            return
        picture = self._pictures[self._shown % len(self._pictures)]
        self._shown += 1
        frame, stamp = picture.frame, self._header(BASE_FRAME)
        # Where the camera is comes first: whoever waits for it with an image has it already.
        self._tf.publish(
            TFMessage(
                transforms=[
                    TransformStamped(
                        header=stamp, child_frame_id=frame.frame_id, transform=to_transform(to_pose(picture.T_base_cam))
                    )
                ]
            )
        )
        header = Header(stamp=stamp.stamp, frame_id=frame.frame_id)
        self._info.publish(to_camera_info(frame.camera, header))
        self._depth.publish(fill_image(Image(header=header), frame.depth_m, "32FC1"))
        self._image.publish(fill_image(Image(header=header), frame.rgb, "rgb8"))

    def _header(self, frame_id: str) -> Header:
        return Header(stamp=to_stamp(time.time_ns()), frame_id=frame_id)


def main() -> None:
    """Publish until told to stop."""
    rclpy.init()
    node = ArmNode()
    try:
        rclpy.spin(node, MultiThreadedExecutor(num_threads=2))
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    finally:
        node.destroy_node()
        rclpy.try_shutdown()


if __name__ == "__main__":
    main()
