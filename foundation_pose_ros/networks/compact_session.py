"""The compact scorer run by onnxruntime, without PyTorch."""

from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputRefused, shortened
from ..extras import needed

_INPUTS = ["rendered", "observed"]
_SHAPES = [[6, 64, 64], [6, 64, 64]]


class CompactScorerSession:
    """Scores sets of poses; metadata: what the file says of its weights."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        """Raises InputRefused where onnxruntime or the file is missing, or the file is something else."""
        try:
            import onnxruntime
        except ModuleNotFoundError:
            raise InputRefused("no_onnx", needed("the compact scorer", "onnx")) from None
        if not path.is_file():
            raise InputRefused("no_weights", f"{path} isn't there: `foundation-pose weights` says where weights are")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        # Threads that wait by turning round would take the processor from the ray caster.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session: Any = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the runtime has a class for each way to fail
            raise InputRefused(
                "bad_weights", f"{path} can't be run by onnxruntime ({shortened(error)}): fetch it again"
            ) from None
        inputs = self._session.get_inputs()
        if [node.name for node in inputs] != _INPUTS or [list(node.shape[1:]) for node in inputs] != _SHAPES:
            raise InputRefused("bad_weights", f"{path} isn't a compact scorer: take the one that is shipped")
        self.metadata: dict[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)

    def scores(self, rendered: np.ndarray, observed: np.ndarray) -> np.ndarray:
        """Return scores (L,) float32 of renderings (L, 6, 64, 64) beside one picture (1, 6, 64, 64).

        They are logarithms of likelihoods, comparable within the set alone.
        """
        given = {"rendered": np.asarray(rendered, np.float32), "observed": np.asarray(observed, np.float32)}
        found: np.ndarray = self._session.run(None, given)[0]
        return found
