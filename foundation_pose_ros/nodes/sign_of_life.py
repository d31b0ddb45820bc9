"""A word before the libraries are loaded, which takes seconds."""

import sys
from importlib import import_module


def run_announced(name: str, module: str, node: str, args: list[str] | None) -> None:
    """Say that a node starts, then import its class from a module and run it until it is told to stop."""
    print(f"[INFO] [{name}]: starting; loading libraries takes some seconds", file=sys.stderr, flush=True)
    make_node = getattr(import_module(module), node)
    import_module("foundation_pose_ros.nodes.lifecycle_process").run(make_node, name, args)
