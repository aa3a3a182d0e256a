"""What is asked of the rehearsing process, and under which names its results stand in the folder of the task."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from onnxdx_diagnostics.atomic import write_text

TASK, SEEN, OUTCOME = "task.json", "seen.pt", "outcome.json"
PRINTED, MODULES = "printed.txt", "modules.json"


@dataclass(frozen=True)
class Task:
    """What to do with the job in the folder.

    `texts` are the files that are read as edited, by full path. `seen` is the file of what the model computed before;
    without one, that is to be found out and nothing is exported. `cwd` is the current folder of the job, `seconds` the
    time limit of the whole.
    """

    texts: Mapping[str, str]
    seen: str
    cwd: str
    seconds: float

    def save(self, folder: Path) -> None:
        """Put the task where the process looks for it."""
        write_text(folder / TASK, json.dumps(asdict(self)))

    @staticmethod
    def load(folder: Path) -> Task:
        """What `save` wrote."""
        return Task(**json.loads((folder / TASK).read_text(encoding="utf-8")))
