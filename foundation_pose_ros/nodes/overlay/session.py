"""All that overlay_node has between configure and cleanup."""

from typing import Any

from sensor_msgs.msg import CompressedImage, Image
from std_srvs.srv import SetBool

from ...arrays import Rgb
from ...errors import InputRefused
from ...frame import Frame
from ...overlay import LiveObject
from ...streams.image_messages import fill_image, fill_jpeg
from ..lifecycle_node import WorkingNode
from ..listener import Listener
from ..parameters import values
from ..pose.messages import to_header
from ..service_replies import answering, waited_for
from .live_view import LiveView
from .parameters import OVERLAY_NODE
from .recorder import Recorder


class OverlaySession:
    """Reads meshes, makes outputs and the service; `start` and `stop` as often as the node is activated."""

    def __init__(self, node: WorkingNode) -> None:
        """Raises InputRefused."""
        self._node = node
        settings = values(node, OVERLAY_NODE)
        self.view = LiveView(node, OVERLAY_NODE, lambda: self.wanted, self._show)
        self._image = node.make_publisher(Image, "~/image", 2)
        self._compressed = node.make_publisher(CompressedImage, "~/image/compressed", 2)
        self._recorder = Recorder(settings["video_directory"], node.get_logger().info)
        self._services = Listener(node, "services", node.failed)
        answer = answering("record", self._record, node.refusals, node.get_logger().error)
        self._services.serve(SetBool, "~/record", answer)
        self._services.start()

    def start(self) -> None:
        """Subscribe and draw."""
        self.view.start()
        if self._node.value("record"):
            self.view.worker.call(self._begin_recording)

    def stop(self) -> None:
        """Draw no more; a video ends."""
        self.view.stop()
        if self._recorder.wanted:
            self._node.get_logger().info(self._recorder.end())

    def close(self) -> None:
        """Give service and outputs back."""
        self._services.close()
        for publisher in (self._image, self._compressed):
            self._node.destroy_publisher(publisher)

    @property
    def wanted(self) -> bool:
        """Tell whether anybody sees what is drawn."""
        outputs = (self._image, self._compressed)
        return self._recorder.wanted or any(output.get_subscription_count() for output in outputs)

    @property
    def figures(self) -> dict[str, str]:
        """Return how many pictures were drawn, and how long the last took."""
        return {"pictures": str(self.view.pictures), "drawing_ms": f"{1000 * self.view.drawing_s:.1f}"}

    @property
    def lacks_images(self) -> bool:
        """Tell whether somebody wants pictures and no images come in."""
        longest_s = values(self._node, OVERLAY_NODE)["oldest_pose_s"] + 1.0
        return self.wanted and self._node.now_s() - self.view.last_image_s > longest_s

    @property
    def occupation(self) -> str:
        """Say what is done while all is well."""
        return "pictures are drawn" if self.wanted else "nobody listens, nothing is recorded: nothing is drawn"

    def _show(self, frame: Frame, picture: Rgb, objects: list[LiveObject]) -> None:
        settings, header = values(self._node, OVERLAY_NODE), to_header(frame)
        if self._image.get_subscription_count():
            self._image.publish(fill_image(Image(header=header), picture, "rgb8"))
        if self._compressed.get_subscription_count():
            self._compressed.publish(fill_jpeg(CompressedImage(header=header), picture, settings["jpeg_quality"]))
        try:
            self._recorder.add(picture, frame.stamp_ns, settings["video_rate_hz"], settings["video_longest_s"])
        except InputRefused as refused:
            self._refused(refused)

    def _begin_recording(self) -> None:
        try:
            self._node.get_logger().info(self._recorder.begin())
        except InputRefused as refused:
            self._refused(refused)

    def _refused(self, refused: InputRefused) -> None:
        self._node.refusals.count(refused.reason, str(refused))
        self._node.get_logger().warning(str(refused))

    def _record(self, request: Any, response: Any) -> str:
        """Begin or end in the thread that draws."""
        return str(waited_for(self.view.worker.call(self._recorder.begin if request.data else self._recorder.end)))
