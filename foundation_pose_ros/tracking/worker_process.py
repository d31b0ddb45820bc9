"""`python -m foundation_pose_ros.tracking.worker_process CONNECTION MEMORY`: the far end of `process_pool`.

Both are descriptors of files that the near end has opened.
"""

import sys
from contextlib import suppress
from multiprocessing.connection import Connection

import cv2

from ..errors import InputRefused
from ..estimator import PoseEstimator, warm_up
from ..runtime.settled_memory import settle_memory
from .estimator_protocol import followed
from .process_pool import Forgotten, ModelNeeded, Share, Written
from .shared_frame import SharedFrame


def main() -> None:
    """Do as told until the near end is gone."""
    connection, memory = Connection(int(sys.argv[1])), SharedFrame(int(sys.argv[2]))
    cv2.setNumThreads(1)  # the other cores have helpers of their own
    with suppress(EOFError, ConnectionError):
        _serve(connection, memory)


def _serve(connection: Connection, memory: SharedFrame) -> None:
    estimator = PoseEstimator([], threads=1)
    share = Share((), ())
    connection.send("loaded")
    while True:
        told = connection.recv()
        if isinstance(told, ModelNeeded):
            estimator.models[told.model.name] = told.model
            with suppress(InputRefused):
                warm_up(estimator, told.model)
            settle_memory()
            connection.send("ready")
        elif isinstance(told, Forgotten):
            del estimator.models[told.name]
        elif isinstance(told, Share):
            share = told
        elif isinstance(told, Written):
            frame = memory.read(told.header)
            poses = zip(share.previous, share.compared, strict=True)
            connection.send([followed(estimator, frame, pose, compared) for pose, compared in poses])


if __name__ == "__main__":
    main()
