"""pose_node: 6D poses of objects never trained on, from RGB-D images, meshes and masks."""

import os
import sys
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from rclpy.exceptions import ParameterException
from rclpy.qos import qos_profile_sensor_data
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from vision_msgs.msg import Detection2DArray

from ..errors import InputRefused
from ..estimator import PoseEstimator, warm_up
from ..frame import Frame
from ..streams.mask_inputs import MaskInput
from ..streams.rgbd_input import InputGuardian, InputSettings
from ..tracking import FrameBuffer, MultiObjectTracker, TrackedObject
from ..tracking.pipeline import PosePipeline
from ..tracking.process_pool import TrackingProcesses
from .diagnostics import DiagnosticsPublisher
from .lifecycle_node import WorkingNode, run
from .parameters import declare, validator, values
from .pose.object_catalogue import CatalogueEntry, load_object
from .pose.onboarding_services import OnboardingServices
from .pose.parameters import POSE_NODE, method_choice, object_rows, tracker_settings
from .pose.results_publisher import OutputSettings, ResultsPublisher
from .pose.services import PoseServices
from .pose.status_report import PoseReport, StateLog


class PoseNode(WorkingNode):
    """Configure loads meshes and makes outputs and services; activate subscribes and starts the worker.

    A mesh that can't be used is reported in /diagnostics and left out; the other objects are tracked all the same.
    """

    def __init__(self, **node_arguments: Any) -> None:
        super().__init__("pose_node", **node_arguments)
        declare(self, POSE_NODE)
        self.add_on_set_parameters_callback(self._on_set_parameters)
        self.pipeline: PosePipeline
        self.outputs: ResultsPublisher
        self.entries: dict[str, CatalogueEntry] = {}
        self.unusable: dict[str, str] = {}
        self.guardian: InputGuardian | None = None
        self.last_frame_s = 0.0
        self._estimator: PoseEstimator
        self.onboarding: OnboardingServices
        self._services_offered: PoseServices
        self._processes: TrackingProcesses | None
        self._inputs: list[Any] = []
        self._settings_changed = False
        self._state_log = StateLog()
        report = PoseReport(self)
        self._diagnostics = DiagnosticsPublisher(
            self, {"input": report.input, "objects": report.objects, "onboarding": report.onboarding}
        )
        if self.value("autostart"):
            self.start_by_itself()

    def start(self) -> None:
        """Subscribe and start the worker."""
        settings = values(self, POSE_NODE)
        self.guardian = InputGuardian(
            InputSettings(
                rgb_compressed=settings["rgb_transport"] != "raw",
                depth_compressed=settings["depth_transport"] != "raw",
                rectified=settings["image_is_rectified"],
                distortion=settings["distortion"],
                check_frames=settings["check_frames"],
                match_tolerance_s=settings["match_tolerance_s"],
            ),
            self.refusals,
        )
        if self._processes is not None:
            self._processes.start(len(self.entries))
        self.pipeline.start()
        self._subscribe(self.guardian, settings)
        self.last_frame_s = self._now_s()

    def prepare(self, entry: CatalogueEntry) -> None:
        """Do beforehand, in any thread, what takes seconds, so that the worker goes on with the other objects."""
        self._estimator.prepare(entry.model)

    def add_object(self, id: str, entry: CatalogueEntry) -> None:
        """Look for one more object. Runs where the tracker may be touched."""
        self._estimator.models[id] = entry.model
        self.pipeline.tracker.add(id)
        self.outputs.add_object(id, entry)
        self.entries[id] = entry

    def replace_model(self, id: str, entry: CatalogueEntry) -> None:
        """Go on with another model of an object, in the same frame. Runs where the tracker may be touched."""
        self._estimator.models[id] = entry.model
        self.outputs.replace_model(id, entry)
        self.entries[id] = entry

    def remove_object(self, id: str) -> None:
        """Stop looking for an object; raises InputRefused where there is none of that name."""
        self.pipeline.tracker.remove(id)
        self.outputs.remove_object(id)
        self.onboarding.forget(id)
        del self._estimator.models[id], self.entries[id]

    def image_topic(self, base: str, transport: str) -> str:
        """Of images by a transport: its name follows the base topic as remapped, as image_transport has it."""
        return base if transport == "raw" else f"{self.resolve_topic_name(base)}/{transport}"

    def rectified(self, labels: np.ndarray) -> np.ndarray:
        """Labels (H, W) of a raw image as the frames are, free of distortion."""
        return labels if self.guardian is None else self.guardian.rectified(labels)

    def setup(self) -> None:
        """Load meshes, make outputs and services, and do once what the first image would otherwise wait for."""
        settings = values(self, POSE_NODE)
        if settings["threads"]:
            cv2.setNumThreads(settings["threads"])
        self.entries, self.unusable = {}, {}
        for name in settings["objects"]:
            rows = object_rows(name)
            try:
                declare(self, rows)
                own = {row.name.rpartition(".")[2]: self.value(row.name) for row in rows}
                self.entries[name] = load_object(
                    name, own["mesh"], own["unit"], own["symmetries"], settings["mesh_directories"]
                )
            except (ParameterException, ValueError) as refused:  # InputRefused among them
                self.unusable[name] = str(refused)
                self.refusals.count(getattr(refused, "reason", "bad_parameter"), f"{name}: {refused}")
                self.get_logger().error(f"object {name} is left out: {refused}")
        choice = method_choice(settings, settings["threads"] or len(os.sched_getaffinity(0)))
        self._estimator = PoseEstimator([entry.model for entry in self.entries.values()], methods=choice.methods())
        self.outputs = ResultsPublisher(self, self._output_settings(settings))
        self._processes = TrackingProcesses(self._estimator, settings["processes"]) if choice.learning_free else None
        tracker = MultiObjectTracker(self._estimator, tracker_settings(settings), self._processes)
        self.pipeline = PosePipeline(
            tracker,
            FrameBuffer(settings["buffer_frames"], settings["buffer_s"]),
            self._publish,
            self.outputs.ask_for_masks,
            self.refusals,
            self.failed,
        )
        for name, entry in self.entries.items():
            tracker.add(name)
            self.outputs.add_object(name, entry)
        self._services_offered = PoseServices(self)
        self.onboarding = OnboardingServices(self, settings)
        self._warm_up()

    def _warm_up(self) -> None:
        """Let caches fill and libraries load before the first image needs them."""
        for name, entry in self.entries.items():
            try:
                warm_up(self._estimator, entry.model)
            except InputRefused as refused:
                self.get_logger().debug(f"warm-up of {name}: {refused}")

    def _subscribe(self, guardian: InputGuardian, settings: dict[str, Any]) -> None:
        rgb_raw, depth_raw = settings["rgb_transport"] == "raw", settings["depth_transport"] == "raw"
        table: tuple[tuple[type, str, Callable[[Any], None]], ...] = (
            (
                Image if rgb_raw else CompressedImage,
                self.image_topic("rgb/image", settings["rgb_transport"]),
                self._frames_of(guardian.colour),
            ),
            (CameraInfo, "rgb/camera_info", self._frames_of(guardian.camera_info)),
            (
                Image if depth_raw else CompressedImage,
                self.image_topic("depth/image", settings["depth_transport"]),
                self._frames_of(guardian.depth),
            ),
            (Image, "masks", self._masks_of(guardian.mask)),
            (Detection2DArray, "boxes", self._masks_of(guardian.boxes)),
        )
        for kind, topic, callback in table:
            self._inputs.append(
                self.create_subscription(
                    kind,
                    topic,
                    self._guarded(callback),
                    qos_profile_sensor_data,
                    qos_overriding_options=QoSOverridingOptions.with_default_policies(),
                )
            )

    def _frames_of(self, take: Callable[[Any], list[Frame]]) -> Callable[[Any], None]:
        def callback(message: Any) -> None:
            for frame in take(message):
                self._apply_changed_settings()
                self.last_frame_s = self._now_s()
                self.pipeline.frame(frame)
                self.onboarding.frame(frame)

        return callback

    def _masks_of(self, take: Callable[[Any], MaskInput | None]) -> Callable[[Any], None]:
        def callback(message: Any) -> None:
            masks = take(message)
            if masks is not None and not self.onboarding.takes(masks):
                self.pipeline.masks(masks)

        return callback

    def _guarded(self, callback: Callable[[Any], None]) -> Callable[[Any], None]:
        """Nothing raises out of a callback: rclpy would end the process."""

        def guarded(message: Any) -> None:
            try:
                callback(message)
            except Exception as error:
                self.failed("input", error)

        return guarded

    def _publish(self, frame: Frame, objects: list[TrackedObject]) -> None:
        for line in self._state_log.changes(objects):
            self.get_logger().info(line)
        self.outputs.publish(frame, objects)
        self.onboarding.tracked(frame, objects)

    def _on_set_parameters(self, changed: list[Any]) -> Any:
        result = validator(POSE_NODE)(changed)
        self._settings_changed = self._settings_changed or result.successful
        return result

    def _apply_changed_settings(self) -> None:
        """Before the next frame rather than in the callback that validates: a later one may still refuse."""
        if self._settings_changed:
            self._settings_changed = False
            settings = values(self, POSE_NODE)
            self.outputs.settings = self._output_settings(settings)
            self.pipeline.call(lambda: self.pipeline.tracker.set_settings(tracker_settings(settings)))

    @staticmethod
    def _output_settings(settings: dict[str, Any]) -> OutputSettings:
        names = ("publish_tf", "tf_prefix", "marker_lifetime_s", "overlay_rate_hz")
        return OutputSettings(**{name: settings[name] for name in names})

    def _now_s(self) -> float:
        return float(self.get_clock().now().nanoseconds * 1e-9)

    def stop(self) -> None:
        """Stop working: no TF, no markers, no memory of where things were."""
        for subscription in self._inputs:
            self.destroy_subscription(subscription)
        self._inputs.clear()
        self.onboarding.stop()
        if self.pipeline.stop():
            if self._processes is not None:
                self._processes.close()
        else:
            self.get_logger().warning("the worker is still busy with its last frame")
        self.outputs.hide_all()
        self.guardian = None

    def release(self) -> None:
        """Give models and outputs back."""
        if not hasattr(self, "outputs"):
            return
        self._services_offered.destroy()
        self.onboarding.destroy()
        self.outputs.destroy()
        del self.pipeline, self.outputs, self._estimator, self._processes, self._services_offered, self.onboarding
        self.entries = {}


def main(args: list[str] | None = None) -> None:
    """Run the node until it is told to stop."""
    run(PoseNode, "pose_node", args)


if __name__ == "__main__":
    main(sys.argv)
