"""Recorded tasks as the network is shown them in use where looks tell: maps of likeness in place of pictures.

See `support/likeness.py`. Maps take longer than a step of training, so each picture's is made once, beforehand, by
others of its set, and drawn like a picture.
"""

from collections.abc import Callable

import numpy as np

from ..support.likeness import Likeness
from .tasks import RecordedTask

# Pictures that judge each other: of many examples maps are clear, of few they aren't, and both are in use.
_GROUPS = (17, 17, 9, 5)
_MOST_PICTURES = 96
_SIZE = 128


def likeness_tasks(recorded: list[RecordedTask], seed: int, say: Callable[[str], None] = print) -> list[RecordedTask]:
    """Return a task of maps for each set that has pictures enough to judge each other."""
    tasks = [_mapped(task, np.random.default_rng([seed, k])) for k, task in enumerate(recorded)]
    made = [task for task in tasks if task is not None]
    say(f"{sum(len(task.images) for task in made)} maps of likeness from {len(made)} sets")
    return made


def _mapped(task: RecordedTask, rng: np.random.Generator) -> RecordedTask | None:
    order = rng.permutation(len(task.images))[:_MOST_PICTURES]
    maps, labels, begin = [], [], 0
    while len(order) - begin >= min(_GROUPS):
        group = order[begin : begin + int(rng.choice(_GROUPS))]
        begin += len(group)
        shown = task.examples(group, _SIZE)
        maps.append(Likeness(shown.images, shown.labels).of_examples(range(len(group))))
        labels.append(shown.labels)
    if not maps:
        return None
    pictures = np.rint(255 * np.concatenate(maps)).astype(np.uint8)
    return RecordedTask(f"{task.name}, likeness", pictures, np.concatenate(labels).astype(np.uint8))
