"""Services that always answer, in words: were one to raise, its caller would wait for ever. Needs no ROS."""

import traceback
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from ..errors import InputRefused, shortened
from ..streams.refusals import RefusalCounter

WORKER_TIMEOUT_S = 30.0


def answering(
    name: str,
    handle: Callable[[Any, Any], str],
    refusals: RefusalCounter,
    log_error: Callable[[str], Any],
) -> Callable[[Any, Any], Any]:
    """Return a service callback that fills `success` and `message` with what `handle` returns, or why it refused."""

    def answer(request: Any, response: Any) -> Any:
        try:
            response.message = handle(request, response)
            response.success = True
        except InputRefused as refused:
            refusals.count(refused.reason, str(refused))
            response.success, response.message = False, str(refused)
        except Exception as error:
            refusals.count("internal_error", f"{name}: {shortened(error)}")
            log_error(f"{name} failed: {traceback.format_exc()}")
            response.success, response.message = False, f"internal error: {shortened(repr(error))}"
        return response

    return answer


def waited_for(future: "Future[Any]", timeout_s: float = WORKER_TIMEOUT_S) -> Any:
    """Return the result of a call to the worker; raises InputRefused where it doesn't come, or was cancelled."""
    try:
        future.exception(timeout=timeout_s)
    except TimeoutError:
        future.cancel()  # what was answered with a refusal isn't done later
        raise InputRefused("busy", f"the worker didn't get to it in {timeout_s:.0f} s: see /diagnostics") from None
    except BaseException:
        if not future.cancelled():
            raise
    if future.cancelled():
        raise InputRefused(
            "not_active", "the node isn't active, or ceased to be before this was done: activate it and ask again"
        )
    return future.result()
