"""What nodes refuse their clients, for nodes that ask other nodes."""

from collections.abc import Iterator
from contextlib import contextmanager

from ...errors import InputRefused
from .object_pose import NotFound


@contextmanager
def refusing() -> Iterator[None]:
    """Make a node's no a refusal of ours."""
    try:
        yield
    except NotFound as no:
        raise InputRefused("not_found", str(no)) from None
