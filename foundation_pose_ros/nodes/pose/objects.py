"""The objects of pose_node: model, track and outputs of each come and go together."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rclpy.exceptions import ParameterException

from ...errors import InputRefused
from ...estimator import PoseEstimator, warm_up
from ...tracking import MultiObjectTracker
from ..lifecycle_node import WorkingNode
from ..parameters import declare
from .object_catalogue import CatalogueEntry, check_topic
from .parameters import object_rows

if TYPE_CHECKING:
    from .results_publisher import ResultsPublisher


class PoseObjects:
    """Adds, replaces and removes objects where the tracker may be touched; `prepare` and the rest in any thread.

    when_removed: is told the names of those that went.
    """

    def __init__(self, estimator: PoseEstimator, tracker: MultiObjectTracker, outputs: "ResultsPublisher") -> None:
        self._estimator, self._tracker, self._outputs = estimator, tracker, outputs
        self._entries: dict[str, CatalogueEntry] = {}
        self.when_removed: Callable[[str], None] = lambda id: None

    @property
    def ids(self) -> tuple[str, ...]:
        """Return names in the order of the labels in mask images."""
        return self._tracker.ids

    def __contains__(self, id: str) -> bool:
        return id in self._entries

    def __getitem__(self, id: str) -> CatalogueEntry:
        """Return what is known of an object; raises KeyError."""
        return self._entries[id]

    def prepare(self, entry: CatalogueEntry) -> None:
        """Do beforehand what takes seconds, so that the worker goes on with the other objects."""
        self._estimator.prepare(entry.model)

    def add(self, id: str, entry: CatalogueEntry) -> None:
        """Look for one more object; raises InputRefused where there is one of that name, or of that topic."""
        check_topic(id, self._entries)
        self._tracker.add(id)
        self._estimator.models[id] = entry.model
        self._outputs.add_object(id, entry)
        self._entries[id] = entry

    def replace_model(self, id: str, entry: CatalogueEntry) -> None:
        """Go on with another model of an object, in the same frame."""
        self._estimator.models[id] = entry.model
        self._outputs.replace_model(id, entry)
        self._entries[id] = entry

    def remove(self, id: str) -> None:
        """Stop looking for an object; raises InputRefused where there is none of that name."""
        self._tracker.remove(id)
        self._outputs.remove_object(id)
        self.when_removed(id)
        del self._estimator.models[id], self._entries[id]

    def warm_up(self) -> None:
        """Let caches fill and libraries load before the first image needs them."""
        for entry in self._entries.values():
            try:
                warm_up(self._estimator, entry.model)
            except InputRefused:
                continue  # said again by the first registration, where someone reads it


# Reads an object: `object_catalogue.load_prepared`, wherever that runs.
Load = Callable[..., CatalogueEntry]


def configured_entries(
    node: WorkingNode, settings: dict[str, Any], load: Load
) -> tuple[dict[str, CatalogueEntry], dict[str, str]]:
    """Read the objects of the node's parameters; those that can't be used are left out, and said why, by name."""
    entries: dict[str, CatalogueEntry] = {}
    unusable: dict[str, str] = {}
    for name in settings["objects"]:
        rows = object_rows(name)
        try:
            check_topic(name, entries)
            declare(node, rows)
            own = {row.name.rpartition(".")[2]: node.value(row.name) for row in rows}
            node.get_logger().info(f"reading object {name}")
            entries[name] = load(name, own["mesh"], own["unit"], own["symmetries"], settings["mesh_directories"])
        except (ParameterException, ValueError) as refused:  # InputRefused among them
            unusable[name] = str(refused)
            node.refusals.count(getattr(refused, "reason", "bad_parameter"), f"{name}: {refused}")
            node.get_logger().error(f"object {name} is left out: {refused}")
    return entries, unusable


def thread_count(settings: dict[str, Any]) -> int:
    """Return how many threads cast rays: those of the parameter, or one for each core that may be used."""
    return settings["threads"] or len(os.sched_getaffinity(0))
