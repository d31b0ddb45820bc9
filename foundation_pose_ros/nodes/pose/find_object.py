"""The action ~/find_object: register, or wait for a mask or the search, until a pose is fresh and good enough."""

import threading
import time
from typing import TYPE_CHECKING, Any

from foundation_perception.action import FindObject
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.executors import ExternalShutdownException, MultiThreadedExecutor

from ...errors import InputRefused, shortened
from ..bare_node import bare_node
from ..lifecycle_node import WorkingNode
from ..service_replies import waited_for
from .messages import found_message
from .pose_waits import LONGEST_WAIT_S, PoseWaits, Wanted
from .registrar import OngoingRegistration, Registrar

if TYPE_CHECKING:
    from rclpy.action.server import ServerGoalHandle

DEFAULT_TIMEOUT_S = 30.0
_MOST_GOALS = 4
# How often a goal looks whether it was cancelled, and says how far it is.
_STEP_S = 0.1


class FindObjectAction:
    """Serves the action from `start` to `close`.

    It has a node and an executor of its own, since goals wait, and rclpy's action servers need an executor; the name
    begins with _, so that lists of nodes leave it out.
    """

    def __init__(self, node: WorkingNode, registrar: Registrar, waits: PoseWaits) -> None:
        self._node, self._registrar, self._waits = node, registrar, waits
        self._closing = False
        self._goals = 0
        self._lock = threading.Lock()
        self._helper = bare_node(
            f"_{node.get_name()}_actions", node.context, namespace=node.get_namespace(), use_global_arguments=False
        )
        self._server = ActionServer(
            self._helper,
            FindObject,
            node.resolve_service_name("~/find_object"),
            execute_callback=self._execute,
            goal_callback=self._accepts,
            cancel_callback=lambda _: CancelResponse.ACCEPT,
            callback_group=ReentrantCallbackGroup(),
        )
        self._executor = MultiThreadedExecutor(num_threads=_MOST_GOALS + 2, context=node.context)
        self._executor.add_node(self._helper)
        self._thread = threading.Thread(target=self._spin, name="actions", daemon=True)

    def start(self) -> None:
        """Begin to take goals."""
        self._thread.start()

    def close(self) -> None:
        """Give up what is looked for, and give everything back."""
        self._closing = True
        self._executor.shutdown()
        if self._thread.is_alive():
            self._thread.join()
        self._server.destroy()
        self._helper.destroy_node()

    def _spin(self) -> None:
        try:
            self._executor.spin()
        except ExternalShutdownException:
            pass
        except Exception as error:
            self._node.failed("actions", error)

    def _accepts(self, request: Any) -> GoalResponse:
        """Take so many at once: each has a thread."""
        with self._lock:
            if self._closing or self._goals >= _MOST_GOALS:
                self._node.refusals.count("busy", f"{_MOST_GOALS} objects are looked for at once: wait for one")
                return GoalResponse.REJECT
            self._goals += 1
        return GoalResponse.ACCEPT

    def _execute(self, goal: "ServerGoalHandle") -> Any:
        result = FindObject.Result()
        try:
            self._found(goal, result)
        except InputRefused as refused:
            self._node.refusals.count(refused.reason, str(refused))
            result.message = str(refused)
            goal.abort()
        except Exception as error:
            self._node.failed("find_object", error)
            result.message = f"internal error: {shortened(repr(error))}"
            goal.abort()
        finally:
            with self._lock:
                self._goals -= 1
        return result

    def _found(self, goal: "ServerGoalHandle", result: Any) -> None:
        request, began_s = goal.request, time.monotonic()
        id = self._registrar.chosen(request.object_name)
        wanted = Wanted.of(id, request, self._node.value("accept_score"))
        timeout_s = min(request.timeout_s or DEFAULT_TIMEOUT_S, LONGEST_WAIT_S)
        registration = self._begun(id, request, wanted)
        while True:
            if registration is not None and registration.done.done():
                # Raises where the mask can't be used, or the object wasn't found in it.
                registration.found(waited_for(registration.done))
                registration = None
            answer = self._waits.judged(wanted)
            if registration is None and answer.found and answer.last is not None:
                result.success, result.object = True, found_message(answer.last)
                result.message = f"{id} found with score {result.object.score:.2f}"
                goal.succeed()
                return
            elapsed_s = time.monotonic() - began_s
            if goal.is_cancel_requested or self._closing or elapsed_s >= timeout_s:
                if registration is not None:
                    registration.done.cancel()
                ended = "cancelled" if goal.is_cancel_requested else f"not found in {elapsed_s:.1f} s"
                result.message = f"{ended}: {answer.reason or 'still being registered'}"
                (goal.canceled if goal.is_cancel_requested else goal.abort)()
                return
            goal.publish_feedback(self._feedback(answer, elapsed_s))
            time.sleep(_STEP_S)

    def _begun(self, id: str, request: Any, wanted: Wanted) -> OngoingRegistration | None:
        """Register from the mask that came along; else have the object looked for, where it isn't tracked."""
        if request.mask.data:
            return self._registrar.by_mask(id, request.mask)
        if request.force:
            pipeline = self._registrar.pipeline
            waited_for(pipeline.call(lambda: pipeline.tracker.reset(id, "find_object: looked for anew")))
            self._waits.forget(id)
        if request.force or not self._waits.judged(wanted).found:
            self._registrar.ask_for_masks((id,))
        return None

    @staticmethod
    def _feedback(answer: Any, elapsed_s: float) -> Any:
        feedback = FindObject.Feedback(reason=answer.reason, elapsed_s=elapsed_s)
        if answer.last is not None:
            tracked = answer.last.tracked
            feedback.state = int(tracked.state)
            feedback.score = 0.0 if tracked.result is None else float(tracked.result.score)
        return feedback
