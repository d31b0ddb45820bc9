"""All that pose_node has between configure and cleanup."""

from contextlib import ExitStack
from functools import partial
from typing import Any

import cv2
import numpy as np

from ...estimator import PoseEstimator
from ...frame import Frame
from ...input_limits.bounded_process import BoundedProcess
from ...pose_result import PoseResult
from ...runtime.settled_memory import settle_memory
from ...streams.mask_inputs import MaskInput
from ...tracking import FrameBuffer, MultiObjectTracker, TrackedObject
from ...tracking.pipeline import PosePipeline
from ...tracking.process_pool import TrackingProcesses
from ..cv_bridge_converter import image_converter
from ..lifecycle_node import WorkingNode
from ..listener import Listener
from ..parameters import values
from ..transform_listener import TransformListener
from .clicks import Clicks
from .find_object import FindObjectAction
from .inputs import PoseInputs, needs_transforms
from .markers import MarkerSettings
from .models_publisher import ModelsPublisher
from .object_catalogue import get_ready, load_prepared
from .objects import Load, PoseObjects, configured_entries, thread_count
from .onboarding_services import OnboardingServices
from .output_frame import OutputFrame
from .parameters import POSE_NODE
from .pose_waits import PoseWaits
from .registrar import Registrar
from .results_publisher import OutputSettings, ResultsPublisher
from .services import PoseServices
from .settings import method_choice, output_frame_settings, tracker_settings
from .state_log import StateLog

# Meshes and textures are read in its processes. It belongs to this one, so that no configuration waits for its imports.
MESH_READER = BoundedProcess([load_prepared.__module__], get_ready=get_ready)


class PoseSession:
    """Loads meshes, makes outputs, offers services; `start` and `stop` as often as the node is activated.

    inputs: what is heard while it is active, None else. output_frame: where results wait for TF while it is active,
    None else, or where poses stay in the image's frame. unusable: why objects were left out, by name.
    settings_changed: set it, and they are taken up before the next frame.
    """

    def __init__(self, node: WorkingNode) -> None:
        """Do once what the first image would otherwise wait for. Raises InputRefused; nothing is left behind then."""
        self._node = node
        self.settings_changed = False
        self.inputs: PoseInputs | None = None
        self.output_frame: OutputFrame | None = None
        self._transforms: TransformListener | None = None
        self._clicks: Clicks | None = None
        self._state_log = StateLog()
        settings = values(node, POSE_NODE)
        if settings["threads"]:
            cv2.setNumThreads(settings["threads"])
        load = partial(MESH_READER.call, load_prepared)
        entries, self.unusable = configured_entries(node, settings, load)
        for name, entry in entries.items():
            node.get_logger().info(f"{name}: {len(entry.model.faces)} faces, {entry.model.diameter_m:.3f} m across")
        self._images = image_converter(MESH_READER.call, node.get_logger().warning)
        node.get_logger().info("getting ready for the first image")
        choice = method_choice(settings, thread_count(settings))
        estimator = PoseEstimator([entry.model for entry in entries.values()], methods=choice.methods())
        self.processes = None
        if choice.learning_free:
            self.processes = TrackingProcesses(estimator, settings["processes"], self._on_helper_lost)
        with ExitStack() as parts:
            self._outputs = ResultsPublisher(node, output_settings(settings))
            parts.callback(self._outputs.destroy)
            self._models = ModelsPublisher(node)
            parts.callback(self._models.destroy)
            self.pipeline = self._pipeline(estimator, settings)
            self.objects = PoseObjects(estimator, self.pipeline.tracker, self._outputs, self._models)
            for name, entry in entries.items():
                self.objects.add(name, entry)
            self._registrar = Registrar(
                self.objects, self.pipeline, self._outputs.ask_for_masks, self._rectified, self._placed
            )
            offered = self._offer(parts, settings, load)
            self.objects.warm_up()
            settle_memory()
            for one in offered:
                one.start()
            self._parts = parts.pop_all()

    def _pipeline(self, estimator: PoseEstimator, settings: dict[str, Any]) -> PosePipeline:
        pipeline = PosePipeline(
            MultiObjectTracker(estimator, tracker_settings(settings), self.processes),
            FrameBuffer(settings["buffer_frames"], settings["buffer_s"]),
            self._publish,
            self._outputs.ask_for_masks,
            self._node.refusals,
            self._node.failed,
        )
        pipeline.searches = self._searches
        return pipeline

    def _offer(self, parts: ExitStack, settings: dict[str, Any], load: Load) -> tuple[Listener, FindObjectAction]:
        """Make services and actions, and have `parts` close them before what they ask for; they listen once started."""
        node = self._node
        services = Listener(node, "services", node.failed)
        self.onboarding = OnboardingServices(node, services, self.objects, self.pipeline, settings, load)
        parts.callback(self.onboarding.close)
        parts.callback(services.close)
        self._waits = PoseWaits(lambda: node.get_clock().now().nanoseconds, node.failed)
        parts.callback(self._waits.close)
        self._outputs.when_published = self._waits.heard
        PoseServices(node, services, self._registrar, self._waits, load)
        actions = FindObjectAction(node, self._registrar, self._waits)
        parts.callback(actions.close)
        return services, actions

    def start(self) -> None:
        """Start the worker and subscribe."""
        settings = values(self._node, POSE_NODE)
        wanted = output_frame_settings(settings)
        if wanted is not None or needs_transforms(settings):
            self._transforms = TransformListener(self._node, self._on_transforms)
        if wanted is not None and self._transforms is not None:
            self.output_frame = OutputFrame(
                wanted, self._transforms.buffer, self._outputs.publish, self._node.refusals, self._node.failed
            )
        self.pipeline.start()
        if self.processes is not None:
            self.pipeline.call(partial(self.processes.start, len(self.objects.ids)))
        buffer = None if self._transforms is None else self._transforms.buffer
        self.inputs = PoseInputs(self._node, settings, self._on_frame, self._on_masks, buffer, self._images)
        self._clicks = Clicks(self._node, self._registrar)

    def stop(self) -> None:
        """Stop working: no TF, no markers, no memory of where things were."""
        inputs, self.inputs = self.inputs, None
        if inputs is not None:
            inputs.close()
        clicks, self._clicks = self._clicks, None
        if clicks is not None:
            clicks.close()
        self.onboarding.stop()
        if self.pipeline.stop():
            if self.processes is not None:
                self.processes.close()
        else:
            self._node.get_logger().warning("the worker is still busy with its last frame")
        transforms, self._transforms = self._transforms, None
        if transforms is not None:
            transforms.close()
        output_frame, self.output_frame = self.output_frame, None
        if output_frame is not None:
            output_frame.close()
        self._outputs.hide_all()
        self._waits.forget()

    def close(self) -> None:
        """Give services and outputs back, the last first."""
        self._parts.close()

    def _on_helper_lost(self, why: str) -> None:
        self._node.refusals.count("helper_lost", why)
        self._node.get_logger().warning(why)

    def _on_frame(self, frame: Frame) -> None:
        self._apply_changed_settings()
        self.pipeline.frame(frame)
        self.onboarding.frame(frame)

    def _searches(self) -> bool:
        """Tell whether objects are looked for without masks: nobody sends any, or it was asked for."""
        node, start = self._node, self._node.value("start")
        if start != "auto":
            return bool(start == "search")
        return not any(node.count_publishers(node.resolve_topic_name(topic)) for topic in ("masks", "boxes"))

    def _on_masks(self, masks: MaskInput) -> None:
        if not self.onboarding.takes(masks):
            self.pipeline.masks(masks)

    def _publish(self, frame: Frame, objects: list[TrackedObject]) -> None:
        for line in self._state_log.changes(objects):
            self._node.get_logger().info(line)
        output_frame = self.output_frame
        if output_frame is None:
            self._outputs.publish(frame, objects)
        else:
            output_frame.put(frame, objects)
        self.onboarding.tracked(frame, objects)

    def _on_transforms(self) -> None:
        output_frame = self.output_frame
        if output_frame is not None:
            output_frame.heard()

    def _placed(self, result: PoseResult, frame_id: str) -> PoseResult:
        """A result of an image with that frame_id in the output frame; raises InputRefused where TF lacks it."""
        output_frame = self.output_frame
        return result if output_frame is None else output_frame.placed(result, frame_id)

    def _apply_changed_settings(self) -> None:
        """In the thread that takes frames in, so that each is worked on with settings of one moment."""
        if self.settings_changed:
            self.settings_changed = False
            settings = values(self._node, POSE_NODE)
            self._outputs.settings = output_settings(settings)
            self.pipeline.call(lambda: self.pipeline.tracker.set_settings(tracker_settings(settings)))

    def _rectified(self, labels: np.ndarray) -> np.ndarray:
        """Labels (H, W) of a raw image as the frames are, free of distortion."""
        return labels if self.inputs is None else self.inputs.guardian.rectified(labels)


def output_settings(settings: dict[str, Any]) -> OutputSettings:
    """Pick those of the outputs from the node's values by name."""
    names = ("publish_tf", "tf_doubt_s", "tf_in_doubt", "tf_prefix", "marker_lifetime_s", "overlay_rate_hz")
    embedded = settings["marker_meshes"] == "triangles"
    markers = MarkerSettings(embedded, settings["marker_faces"])
    return OutputSettings(**{name: settings[name] for name in names}, markers=markers)
