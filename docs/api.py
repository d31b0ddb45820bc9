"""Writes the reference of all modules, from their docstrings, into docs/api/: `make docs`.

    sh environment/run --for docs python docs/api.py [FOLDER]

Everything is imported for it, nodes and networks too, but for what launch files share: ROS's `launch` isn't among the
wheels. The exit status is 1 where something can't be imported, or anything warns: an annotation that doesn't resolve, a
docstring that isn't Markdown.
"""

import importlib
import os
import re
import sys
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".environment" / "docs"
PACKAGES = ("foundation_pose_ros", "universeg_ros")
LAUNCH_ALONE = ("foundation_pose_ros.nodes.camera_launch",)


def modules() -> list[str]:
    """Return the names of all modules, packages before what is in them."""
    files = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
    names = (file.relative_to(ROOT).with_suffix("").parts for file in files if file.name != "__main__.py")
    every = (".".join(parts[:-1] if parts[-1] == "__init__" else parts) for parts in names)
    return [name for name in every if name not in LAUNCH_ALONE]


def look_up_lazy_names(module: str) -> None:
    """Put what a package looks up when it is asked for into the package: pdoc asks for nothing."""
    package = importlib.import_module(module)
    for name in getattr(package, "__all__", ()):
        setattr(package, name, getattr(package, name))


def write_reference(folder: Path) -> list[str]:
    """Write one page per module and a search index into the folder; returns what was warned of."""
    # Libraries that ask the machine for its name when they are imported may.
    os.environ["PDOC_ALLOW_EXEC"] = "1"
    # pdoc is apart from the rest: nothing else needs it.
    sys.path.append(str(TOOLS))
    import pdoc.extract
    import pdoc.render

    pdoc.render.configure(docformat="markdown", show_source=False, search=True)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        for name in LAUNCH_ALONE:
            warnings.filterwarnings("ignore", f"Couldn't import {re.escape(name)}:")
        named: list[str] = []
        reached: set[str] = set()
        for module in modules():
            # A package brings its modules, unless it says what it exports.
            if module not in reached:
                named.append(module)
                reached.update(pdoc.extract.walk_specs([module]))
            look_up_lazy_names(module)
        pdoc.pdoc(*named, *(f"!{name}$" for name in LAUNCH_ALONE), output_directory=folder)
    return sorted({f"{warning.filename}: {warning.message}" for warning in warned})


def main() -> int:
    """Write the reference, print what was warned of, and return the exit status."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "api"
    warned = write_reference(folder)
    for text in warned:
        print(text, file=sys.stderr)
    pages = len(list(folder.rglob("*.html")))
    print(f"{folder / 'index.html'}: {pages} pages, {len(warned)} warnings")
    return 1 if warned else 0


if __name__ == "__main__":
    sys.exit(main())
