"""Compact networks run by onnxruntime, without PyTorch."""

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputRefused, shortened
from ..runtime.extras import needed

_INPUTS = ["rendered", "observed"]
_SHAPE = [6, 64, 64]


class _CompactSession:
    """A graph that takes renderings and pictures; metadata: what the file says of its weights."""

    title: str
    outputs: list[str]

    def __init__(self, path: Path, threads: int = 1) -> None:
        """Raises InputRefused where onnxruntime or the file is missing, or the file is something else."""
        self._session = _session(path, self.title, threads)
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        shapes = [list(node.shape[1:]) for node in inputs]
        named = [node.name for node in inputs] == _INPUTS and [node.name for node in outputs] == self.outputs
        if not named or shapes != [_SHAPE, _SHAPE]:
            raise InputRefused("bad_weights", f"{path} isn't a {self.title}: take the file that its run wrote")
        self.metadata = _metadata(self._session)

    def _run(self, rendered: np.ndarray, observed: np.ndarray) -> list[np.ndarray]:
        given = {"rendered": np.asarray(rendered, np.float32), "observed": np.asarray(observed, np.float32)}
        found: list[np.ndarray] = self._session.run(None, given)
        return found


class CompactScorerSession(_CompactSession):
    """Scores sets of poses."""

    title, outputs = "compact scorer", ["score"]

    def scores(self, rendered: np.ndarray, observed: np.ndarray) -> np.ndarray:
        """Return scores (L,) float32 of renderings (L, 6, 64, 64) beside one picture (1, 6, 64, 64).

        They are logarithms of likelihoods, comparable within the set alone.
        """
        return self._run(rendered, observed)[0]


class CompactRefinerSession(_CompactSession):
    """Says how renderings have to move to look like pictures."""

    title, outputs = "compact refiner", ["information", "pull"]

    def equations(self, rendered: np.ndarray, observed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return information (B, 6, 6) and pull (B, 6) float32 of renderings and pictures (B, 6, 64, 64).

        The step is inverse(information) @ pull, a twist about the crop's centre in camera axes: translation in radii of
        the object, rotation vector in radians.
        """
        information, pull = self._run(rendered, observed)
        return information, pull


class LateCompactRefiner:
    """A refiner that is read when it is asked first, for what is rarely needed."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        self._path, self._threads = path, threads

    def equations(self, rendered: np.ndarray, observed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Say what `CompactRefinerSession` does, and raise what that does."""
        return self._session.equations(rendered, observed)

    @cached_property
    def _session(self) -> CompactRefinerSession:
        return CompactRefinerSession(self._path, self._threads)


def metadata_of(path: Path, title: str) -> dict[str, str]:
    """Read what a file says of the weights of a network; raises InputRefused as sessions do."""
    return _metadata(_session(path, title, 1))


def _metadata(session: Any) -> dict[str, str]:
    return dict(session.get_modelmeta().custom_metadata_map)


def _session(path: Path, title: str, threads: int) -> Any:
    try:
        import onnxruntime
    except ModuleNotFoundError:
        raise InputRefused("no_onnx", needed(f"the {title}", "onnx")) from None
    if not path.is_file():
        raise InputRefused("no_weights", f"{path} isn't there: `foundation-pose train` writes a {title}")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    # Threads that wait by turning round would take the processor from the ray caster.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime has a class for each way to fail
        raise InputRefused(
            "bad_weights", f"{path} can't be run by onnxruntime ({shortened(error)}): write it again"
        ) from None
