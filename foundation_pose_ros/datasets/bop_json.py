"""JSON files of BOP datasets: entries by number."""

import json
from pathlib import Path
from typing import Any

from ..errors import InputRefused


def read_entries(path: Path) -> dict[str, Any]:
    """Read a file whose entries are found by number, written as text; raises InputRefused for anything else."""
    content = read_json(path)
    if not isinstance(content, dict):
        raise InputRefused("bad_json", f"{path} holds no entries by number: unpack it again")
    return content


def read_json(path: Path) -> Any:
    """Read a file; raises InputRefused where it isn't JSON."""
    try:
        return json.loads(path.read_text())
    except ValueError as error:
        raise InputRefused("bad_json", f"{path} is not JSON ({error}): unpack it again") from None
