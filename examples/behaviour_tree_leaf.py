"""A leaf of a behaviour tree: RUNNING while an object is being found, SUCCESS with its pose, or FAILURE.

Its methods are those of py_trees' Behaviour: there, derive from it, and return its Status.
"""

from foundation_perception.client import NotFound, ObjectPose, PoseClient, Search


class FindObject:
    """Finds one object each time that it is entered. pose: what was found last."""

    def __init__(self, client: PoseClient, name: str, timeout_s: float = 20.0) -> None:
        self._client, self._name, self._timeout_s = client, name, timeout_s
        self._search: Search | None = None
        self.pose: ObjectPose | None = None

    def initialise(self) -> None:
        """Begin."""
        self._search = self._client.start_finding(self._name, timeout_s=self._timeout_s)

    def update(self) -> str:
        """Say how far it is, at once."""
        if self._search is None or not self._search.done:
            return "RUNNING"
        try:
            self.pose = self._search.result()
        except NotFound:
            return "FAILURE"
        return "SUCCESS"

    def terminate(self) -> None:
        """Give up, where the tree goes on elsewhere."""
        if self._search is not None and not self._search.done:
            self._search.cancel()
