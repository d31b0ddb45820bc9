"""A ROS domain id that no other process on this machine uses. Needs no ROS."""

import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager

# The ids that leave their ports free on every system (ROS 2 documentation, "The ROS_DOMAIN_ID"), without the default 0.
SAFE_IDS = range(1, 101)
# Holding the port of an id claims the id, as ROS's own domain_coordinator does it, so that each sees the other's.
_FIRST_PORT = 32768


@contextmanager
def own_domain_id() -> Iterator[int]:
    """Claim an id for as long as the context lasts; raises RuntimeError where all are taken."""
    for domain_id in random.sample(SAFE_IDS, len(SAFE_IDS)):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as claim:
            try:
                claim.bind(("", _FIRST_PORT + domain_id))
            except OSError:
                continue
            yield domain_id
            return
    raise RuntimeError("all ROS domain ids from 1 to 100 are taken: end some of the processes that use them")
