"""The objects of pose_node: model, track and outputs of each come and go together."""

import os
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rclpy.exceptions import ParameterException

from ...errors import InputRefused
from ...estimator import PoseEstimator, warm_up
from ...tracking import MultiObjectTracker
from ...tracking.instances import instance_ids
from ..lifecycle_node import WorkingNode
from ..parameters import declare
from .object_catalogue import CatalogueEntry, check_ids
from .parameters import object_rows

if TYPE_CHECKING:
    from .models_publisher import ModelsPublisher
    from .results_publisher import ResultsPublisher


class PoseObjects:
    """Adds, replaces and removes objects where the tracker may be touched; `prepare` and the rest in any thread.

    Each model has one instance or several, tracked by ids of their own. when_removed: is told the names of models that
    went.
    """

    def __init__(
        self,
        estimator: PoseEstimator,
        tracker: MultiObjectTracker,
        outputs: "ResultsPublisher",
        models: "ModelsPublisher",
    ) -> None:
        self._estimator, self._tracker, self._outputs, self._models = estimator, tracker, outputs, models
        self._entries: dict[str, CatalogueEntry] = {}
        self.when_removed: Callable[[str], None] = lambda id: None

    @property
    def ids(self) -> tuple[str, ...]:
        """Return names in the order of the labels in mask images."""
        return self._tracker.ids

    def __contains__(self, name: str) -> bool:
        """Tell whether a model or an instance is called so."""
        return name in self._entries or name in self.ids

    def __getitem__(self, name: str) -> CatalogueEntry:
        """Return what is known of a model; raises KeyError."""
        return self._entries[name]

    def prepare(self, entry: CatalogueEntry) -> None:
        """Do beforehand what takes seconds, so that the worker goes on with the other objects."""
        self._estimator.prepare(entry.model)
        _ = entry.model.simplified

    def check(self, name: str, instances: int) -> None:
        """Raise InputRefused where a model of that name can't come in: names or topics of its instances are taken."""
        check_ids(name, instances, {*self._entries, *self.ids})

    def add(self, name: str, entry: CatalogueEntry) -> None:
        """Look for one more model's instances; raises InputRefused as `check` does."""
        self.check(name, entry.instances)
        self._estimator.models[name] = entry.model
        self._entries[name] = entry
        for id in instance_ids(name, entry.instances):
            self._tracker.add(id, name)
            self._outputs.add_object(id, entry)
        self._publish_models()

    def replace_model(self, name: str, entry: CatalogueEntry) -> None:
        """Go on with another model of an object, in the same frame."""
        self._estimator.models[name] = entry.model
        self._entries[name] = entry
        for id in self._instances(name):
            self._outputs.replace_model(id, entry)
        self._publish_models()

    def remove(self, name: str) -> None:
        """Stop looking for one instance, or for a model's; raises InputRefused where there is none of that name."""
        model = self._tracker.objects.get(name, name)
        for id in self._instances(name) or (name,):
            self._tracker.remove(id)
            self._outputs.remove_object(id)
        if not self._instances(model):
            self.when_removed(model)
            del self._estimator.models[model], self._entries[model]
        self._publish_models()

    def warm_up(self) -> None:
        """Let caches fill and libraries load before the first image needs them."""
        for entry in self._entries.values():
            try:
                warm_up(self._estimator, entry.model)
            except InputRefused:
                continue  # said again by the first registration, where someone reads it

    def _instances(self, name: str) -> tuple[str, ...]:
        return tuple(id for id, model in self._tracker.objects.items() if model == name)

    def _publish_models(self) -> None:
        self._models.publish({id: self._entries[name].model for id, name in self._tracker.objects.items()})


# Reads an object: `object_catalogue.load_prepared`, wherever that runs.
Load = Callable[..., CatalogueEntry]


def configured_entries(
    node: WorkingNode, settings: dict[str, Any], load: Load
) -> tuple[dict[str, CatalogueEntry], dict[str, str]]:
    """Read the objects of the node's parameters; those that can't be used are left out, and said why, by name."""
    entries: dict[str, CatalogueEntry] = {}
    unusable: dict[str, str] = {}
    taken: list[str] = []
    for name in settings["objects"]:
        rows = object_rows(name)
        try:
            declare(node, rows)
            own = {row.name.rpartition(".")[2]: node.value(row.name) for row in rows}
            check_ids(name, own["instances"], taken)
            node.get_logger().info(f"reading object {name}")
            entry = load(name, own["mesh"], own["unit"], own["symmetries"], settings["mesh_directories"])
            entries[name] = replace(entry, instances=own["instances"])
            taken += [name, *instance_ids(name, own["instances"])]
        except (ParameterException, ValueError) as refused:  # InputRefused among them
            unusable[name] = str(refused)
            node.refusals.count(getattr(refused, "reason", "bad_parameter"), f"{name}: {refused}")
            node.get_logger().error(f"object {name} is left out: {refused}")
    return entries, unusable


def thread_count(settings: dict[str, Any]) -> int:
    """Return how many threads cast rays: those of the parameter, or one for each core that may be used."""
    return settings["threads"] or len(os.sched_getaffinity(0))
