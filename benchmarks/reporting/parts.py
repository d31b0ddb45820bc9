"""The parts of the benchmarks: each module says once what its part is called, how it is measured, what tables it fills.

Whoever adds a benchmark adds a module with a `Part` in it; runs, lists and documents find it there.
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import benchmarks
from benchmarks.reporting.results import result_file

Report = dict[str, Any]


@dataclass(frozen=True)
class Scope:
    """What is measured on.

    data: folder of recordings, meshes and segmentation tasks.
    quick: a tenth of everything, to try the benchmarks out.
    """

    data: Path
    quick: bool = False


@dataclass(frozen=True)
class Part:
    """One measurement.

    name: as it is listed and asked for.
    about: what is measured, in a few words.
    result: name of its JSON file in benchmarks/results.
    tables: what makes Markdown of its report, by the name of the marker in the documents.
    measure: gives the report, provenance and figures; None where another command writes it. Raises InputRefused where
        something is missing that it needs.
    in_bench: whether `make bench` measures it.
    """

    name: str
    about: str
    result: str
    tables: Mapping[str, Callable[[Report], str]] = field(default_factory=dict)
    measure: Callable[[Scope], Report] | None = None
    in_bench: bool = True

    @property
    def path(self) -> Path:
        """Return the path of its JSON file."""
        return result_file(self.result)

    def markdown(self, report: Report) -> str:
        """Return all its tables, one below the other."""
        return "\n\n".join(table(report) for table in self.tables.values())


def all_parts() -> dict[str, Part]:
    """Find the parts that the modules of `benchmarks` declare, by name and in its order."""
    found: dict[str, Part] = {}
    for module_info in pkgutil.walk_packages(benchmarks.__path__, "benchmarks."):
        module = importlib.import_module(module_info.name)
        for part in vars(module).values():
            if isinstance(part, Part) and found.setdefault(part.name, part) is not part:
                raise ValueError(f"two parts are called {part.name}: rename that of {module.__name__}")
    return dict(sorted(found.items()))
