"""A script, run in a process of its own, to see whether it shows what it says."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_LONGEST = 160


@dataclass(frozen=True)
class Shown:
    """Whether the script showed its finding, and what it said where it did not."""

    shows: bool
    said: str = ""


def run_script(path: Path, seconds: float, *arguments: str) -> Shown:
    """Run a script of ours in its folder, for so long at most."""
    command = [sys.executable, "-B", path.name, *arguments]
    try:
        done = subprocess.run(
            command, cwd=path.parent, capture_output=True, text=True, errors="replace", timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return Shown(False, f"does not end within {seconds:.0f} s")
    if done.returncode == 0:
        return Shown(True)
    lines = (done.stdout if done.returncode == 1 and done.stdout else done.stderr).strip().splitlines()
    return Shown(False, lines[-1][:_LONGEST] if lines else f"exit code {done.returncode}")
