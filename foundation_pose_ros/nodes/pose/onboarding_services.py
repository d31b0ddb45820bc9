"""The services of pose_node by which it learns an object that it is shown: `~/onboard_object/start` and `stop`."""

import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from foundation_perception.msg import OnboardingStatus as StatusMessage
from foundation_perception.srv import StartOnboarding, StopOnboarding

from ...arrays import Pose
from ...errors import InputRefused
from ...frame import Frame
from ...object_model.model import ObjectModel
from ...reconstruction.capture.calibration_board import Board
from ...reconstruction.incremental import GrowingModel, GrowthSettings
from ...reconstruction.onboarding import Masks, Onboarding, OnboardingRequest, OnboardingStatus, State
from ...reconstruction.reconstruct import Reconstruction
from ...streams.mask_inputs import MaskInput
from ...tracking import TrackedObject
from ...tracking.model_growth import Growth
from ...tracking.pipeline import PosePipeline
from ..diagnostics import OK, WARN, Report
from ..latched import LATCHED
from ..lifecycle_node import WorkingNode
from ..listener import Listener
from ..service_replies import answering, waited_for
from ..transform_listener import TransformListener
from .object_catalogue import CatalogueEntry, parse_symmetries
from .objects import Load, PoseObjects
from .onboarding_parameters import onboarding_settings

# A model's symmetries are searched while the node works on.
_HAND_OVER_TIMEOUT_S = 60.0


class OnboardingServices:
    """Services and status topic of one `Onboarding`, and the TF that it may need, heard only while it records."""

    def __init__(
        self,
        node: WorkingNode,
        listener: Listener,
        objects: PoseObjects,
        pipeline: PosePipeline,
        settings: dict[str, Any],
        load: Load,
    ) -> None:
        self._node, self._objects, self._pipeline, self._settings = node, objects, pipeline, settings
        self._load = load
        self._transforms: TransformListener | None = None
        self.onboarding = Onboarding(
            partial(onboarding_settings, settings),
            pipeline.frame_of,
            self._camera_in,
            self._hand_over,
            self._publish,
            node.failed,
        )
        self._growth = Growth(self._replace, node.refusals, node.failed)
        objects.when_removed = self._growth.forget
        self._publisher = node.make_publisher(StatusMessage, "~/onboard_object/status", LATCHED)
        for kind, name, handle in ((StartOnboarding, "start", self._start), (StopOnboarding, "stop", self._stop)):
            answer = answering(f"onboard_object/{name}", handle, node.refusals, node.get_logger().error)
            listener.serve(kind, f"~/onboard_object/{name}", answer)

    def stop(self) -> None:
        """Give up what is being recorded or built."""
        self._hear_transforms(False)
        self.onboarding.close()
        self._growth.close()

    def close(self) -> None:
        """Give everything back."""
        self.stop()
        self._node.destroy_publisher(self._publisher)

    def frame(self, frame: Frame) -> None:
        """Take in a frame."""
        self.onboarding.frame(frame)

    def takes(self, masks: MaskInput) -> bool:
        """Return True where masks are those of the object that is recorded, and taken as such."""
        return self.onboarding.mask(masks)

    def tracked(self, frame: Frame, objects: list[TrackedObject]) -> None:
        """Let models grow by what was found in a frame."""
        if self._node.value("grow_models"):
            self._growth.tracked(frame, objects)

    def report(self) -> Report:
        """Say how far it is, for /diagnostics; WARN where no model came of it."""
        status = self.onboarding.status
        values = {"views": str(status.views), "step": status.step, "model": str(status.model or "")}
        values |= {f"grown.{id}": f"{100 * share:.0f} % seen" for id, share in self._growth.seen_shares().items()}
        words = f"{status.state.name} {status.name}: {status.message}" if status.name else "idle"
        return Report(WARN if status.state is State.FAILED else OK, words, values)

    def _start(self, request: Any, _response: Any) -> str:
        if not self._pipeline.running:
            raise InputRefused("not_active", "the node isn't active, so that no images come in: activate it first")
        if request.name in self._objects and not request.replace:
            raise InputRefused("object_exists", f"object {request.name} is there already: set replace, or remove it")
        parse_symmetries(request.symmetries_yaml)
        asked = OnboardingRequest(
            request.name,
            Masks(request.masks) if request.masks in list(Masks) else Masks.TOPIC,
            request.label,
            request.fixed_frame.lstrip("/"),
            Board.parse(request.board) if request.board else None,
            request.symmetries_yaml,
            request.replace,
        )
        self._hear_transforms(bool(asked.fixed_frame))
        return self.onboarding.start(asked)

    def _stop(self, request: Any, _response: Any) -> str:
        self._hear_transforms(False)
        return self.onboarding.stop(request.discard)

    def _hear_transforms(self, wanted: bool) -> None:
        listener, self._transforms = self._transforms, None
        if listener is not None:
            listener.close()
        if wanted:
            self._transforms = TransformListener(self._node)

    def _camera_in(self, fixed: str, camera: str, stamp_ns: int) -> Pose | None:
        """T_camera_fixed (4, 4) at a stamp, None where TF doesn't say."""
        transforms = self._transforms
        return None if transforms is None else transforms.buffer.lookup(camera, fixed, stamp_ns)

    def _hand_over(self, request: OnboardingRequest, file: Path, result: Reconstruction) -> None:
        """Look for the object from now on, as `~/add_object` does."""
        entry = self._prepared(request.name, file, request.symmetries)

        def put() -> None:
            if request.name in self._objects:
                self._objects.remove(request.name)
            self._objects.add(request.name, entry)
            if self._node.value("grow_models"):
                settings = GrowthSettings(reconstruction=onboarding_settings(self._settings).reconstruction)
                self._growth.add(GrowingModel(entry.model, (*result.used, *result.held_out), settings), file)

        waited_for(self._pipeline.call(put), _HAND_OVER_TIMEOUT_S)

    def _replace(self, model: ObjectModel, file: Path) -> None:
        """Go on with a model that has grown; its symmetries are those that were declared, or found anew."""
        name = model.name
        entry = replace(self._objects[name], model=model)
        self._objects.prepare(entry)

        def put() -> None:
            if name in self._objects:
                self._objects.replace_model(name, entry)

        waited_for(self._pipeline.call(put), _HAND_OVER_TIMEOUT_S)
        self._node.get_logger().info(f"the model of {name} has grown: {file}")

    def _prepared(self, name: str, file: Path, symmetries: str) -> CatalogueEntry:
        entry = self._load(name, file.name, "m", symmetries, [str(file.parent)], True)
        self._objects.prepare(entry)
        return entry

    def _publish(self, status: OnboardingStatus) -> None:
        self._node.get_logger().info(f"onboarding {status.name}: {status.state.name} {status.step} {status.message}")
        self._publisher.publish(
            StatusMessage(
                state=int(status.state),
                name=status.name,
                views=status.views,
                step=status.step,
                message=status.message,
                model=os.fspath(status.model or ""),
            )
        )
