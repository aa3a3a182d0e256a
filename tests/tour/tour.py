"""docs/tour.md with what its commands print today: `python tests/tour/tour.py` writes it anew (`make tour`).

Each console block of the page starts with a command; what stands below it is the output, to the character. Only how
long the passes took is left out: it differs from run to run.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "tour.md"
SOURCE_ROOTS = os.pathsep.join(str(ROOT / name) for name in ("diagnostics", "exporter", "tui"))
COLUMNS = 80

_BLOCK = re.compile(r"^```console\n\$ (?P<command>[^\n]+)\n.*?^```$", re.MULTILINE | re.DOTALL)
_TIMES = re.compile(r"^capture (?:passed|recovered|failed).*?(?=^verdict:)", re.MULTILINE | re.DOTALL)


def refreshed(page: str) -> str:
    """The page with the outputs that its commands give now."""
    return _BLOCK.sub(lambda block: f"```console\n$ {block['command']}\n{output(block['command'])}```", page)


def output(command: str) -> str:
    """What a command of ours prints in the root of the project, on a terminal of 80 columns."""
    program, *arguments = shlex.split(command)
    if program != "onnxdx":
        raise ValueError(f"the tour runs onnxdx only, not {program}")
    environment = {**os.environ, "PYTHONPATH": SOURCE_ROOTS, "COLUMNS": str(COLUMNS), "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "onnxdx_tui.cli", *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        check=False,
    )
    return _TIMES.sub("", done.stdout)


if __name__ == "__main__":
    PAGE.write_text(refreshed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
