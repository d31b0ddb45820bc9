"""Shared by all tests: where recordings lie, seeds, and a ROS context per test."""

import os
import random
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

# The same examples in every run, and none failed for being slow on a busy machine.
settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=60)
settings.load_profile("repeatable")

# Before any library starts its threads: more of them than cores, in all test processes, make small arrays slow.
_threads = len(os.sched_getaffinity(0)) // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, str(max(_threads, 1)))
os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")

# What one run found must not be what the next one tests.
os.environ["FOUNDATION_PERCEPTION_CACHE"] = ""

ROOT = Path(__file__).resolve().parent.parent
DATA_VARIABLE = "FOUNDATION_PERCEPTION_DATA"
FIRST_DOMAIN_PORT = 32768


def pytest_addoption(parser: pytest.Parser) -> None:
    """Other scenes, pictures and draws in all tests: what holds for these seeds alone is seen."""
    parser.addoption("--seed-shift", type=int, default=0, help="added to the seeds of all of NumPy's generators")


def pytest_configure(config: pytest.Config) -> None:
    """Let generators begin elsewhere, in the tests and in what they test."""
    if not (shift := config.getoption("--seed-shift")):
        return
    plain = np.random.default_rng

    def shifted(seed: Any = None) -> np.random.Generator:
        whole = isinstance(seed, int | np.integer)
        return plain(int(seed) + shift if whole else [*seed, shift] if isinstance(seed, list | tuple) else seed)

    np.random.default_rng = shifted


@pytest.hookimpl(tryfirst=True)  # before xdist, which reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by what they need, as fixtures, folders and imports tell; only `slow` is marked by hand.

    Side by side run only files of which at most one needs ROS.
    """
    for item in items:
        assert isinstance(item, pytest.Function)
        folders = item.path.relative_to(ROOT).parts
        ros = "nodes" in folders or "ros_domain_id" in item.fixturenames
        item.add_marker(pytest.mark.xdist_group("ros" if ros else str(item.path)))
        if ros:
            item.add_marker("ros")
        if "data_folder" in item.fixturenames:
            item.add_marker("data")
        if "universeg_ros" in folders or hasattr(item.module, "torch"):
            item.add_marker("torch")


@pytest.fixture
def seeds_of_all_processes(request: pytest.FixtureRequest) -> None:
    """Skip a test that compares draws with those of another process where seeds are shifted: in this one alone."""
    if request.config.getoption("--seed-shift"):
        pytest.skip("--seed-shift doesn't reach the other process")


@pytest.fixture(scope="session")
def repository() -> Path:
    """The repository's root."""
    return ROOT


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Folder of real recordings; the test is skipped, with the reason, where there is none."""
    folder = Path(os.environ.get(DATA_VARIABLE, ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no recordings at {folder}: set {DATA_VARIABLE} to their folder")
    return folder


@pytest.fixture(autouse=True)
def _seeds() -> None:
    random.seed(0)
    np.random.seed(0)


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator with a fixed seed."""
    return np.random.default_rng(0)


@pytest.fixture
def ros_domain_id() -> Iterator[int]:
    """A domain id from 1 to 100 that no other test process on this machine has, held by binding a port."""
    for domain_id in sorted(range(1, 101), key=lambda i: (i * 37 + os.getpid()) % 101):
        holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            holder.bind(("127.0.0.1", FIRST_DOMAIN_PORT + domain_id))
        except OSError:
            holder.close()
            continue
        with holder:
            yield domain_id
        return
    pytest.fail("all ROS domain ids from 1 to 100 are in use")


@pytest.fixture
def ros_context(ros_domain_id: int) -> Iterator[Any]:
    """An rclpy Context in a domain of its own, shut down afterwards: stop executor threads before the test ends."""
    rclpy = pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")
    context = rclpy.context.Context()
    rclpy.init(context=context, domain_id=ros_domain_id)
    try:
        yield context
    finally:
        if context.ok():
            rclpy.shutdown(context=context)


@pytest.fixture
def torchrun() -> Callable[..., str]:
    """Run a script, or a module after -m, in two processes that know of each other; returns what they print."""

    def run(*arguments: str, timeout_s: float = 600) -> str:
        # Standalone: the launcher binds a port itself, so that nobody takes it between being found free and being used.
        command = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", *arguments]
        outcome = subprocess.run(
            [sys.executable, *command],
            capture_output=True,
            text=True,
            timeout=timeout_s,
            env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
            check=False,
        )
        assert outcome.returncode == 0, outcome.stderr
        return outcome.stdout

    return run
