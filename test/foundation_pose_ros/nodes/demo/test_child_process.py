"""No process is left behind, however the one that started it ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from foundation_pose_ros.nodes.demo.child_process import child_process

# Both say when they are there: a signal that comes before that is Python's own.
CHILD = "import time; print('here', flush=True); time.sleep(600)"
PARENT = """
import os
from pathlib import Path
from foundation_pose_ros.nodes.demo.child_process import child_process

with child_process(Path("child.py"), [], os.environ) as process:
    print(process.pid, flush=True)
    process.wait()
"""


def test_sigterm_ends_the_children_too(tmp_path: Path) -> None:
    (tmp_path / "child.py").write_text(CHILD)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    with parent, parent.stdout as said:
        words = sorted(said.readline().strip() for _ in range(2))
        parent.send_signal(signal.SIGTERM)
        assert parent.wait(timeout=30.0) == 128 + signal.SIGTERM
    assert words[1] == "here"
    assert not Path(f"/proc/{words[0]}").exists()


def test_what_a_signal_does_is_as_it_was_afterwards(tmp_path: Path) -> None:
    (tmp_path / "child.py").write_text(CHILD)
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(RuntimeError), child_process(tmp_path / "child.py", [], os.environ):
        raise RuntimeError
    assert signal.getsignal(signal.SIGTERM) is before
