"""`environment/run [--for demo|tests|bench|docs] [COMMAND...]`: prepare what is needed, then become the command."""

import argparse
import fcntl
import os
import sys
from concurrent.futures import ThreadPoolExecutor

from .layout import MADE
from .steps import StepFailed, say
from .system import ensure_system
from .variables import environment_variables
from .wheels import ensure_apart, ensure_venv, ensure_wheels
from .workspace import ensure_interfaces, ensure_package


def prepare(purpose: str) -> None:
    """Bring the environment up to date for `demo`, `tests`, `bench` or `docs`, one process at a time.

    Raises StepFailed.
    """
    MADE.mkdir(exist_ok=True)
    with (MADE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ensure_system()
        ensure_venv()
        ensure_wheels("ros")
        # Building needs only the ROS wheels, so it goes on while the rest is downloaded.
        with ThreadPoolExecutor() as pool:
            build = pool.submit(build_packages)
            ensure_wheels("core")
            if purpose in ("tests", "bench", "docs"):
                ensure_wheels("test")
                ensure_wheels("torch")
            if purpose == "bench":
                ensure_apart("contrib")
            if purpose == "docs":
                ensure_apart("docs")
            build.result()


def build_packages() -> None:
    ensure_interfaces()
    ensure_package()


def main() -> int:
    parser = argparse.ArgumentParser(prog="environment/run", description=__doc__)
    parser.add_argument("--for", dest="purpose", choices=("demo", "tests", "bench", "docs"), default="demo")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="what to run; nothing: only prepare")
    arguments = parser.parse_args()
    try:
        prepare(arguments.purpose)
    except StepFailed as failure:
        say(str(failure))
        return 1
    if not arguments.command:
        return 0
    variables = environment_variables()
    try:
        os.execvpe(arguments.command[0], arguments.command, variables)
    except FileNotFoundError:
        say(f"{arguments.command[0]}: no such command")
        return 127


if __name__ == "__main__":
    sys.exit(main())
