"""The commands of a CI file of samples/ci, run here: `python tests/ci/workflow.py samples/ci/onnxdx.yml TARGET`.

They are read from the file itself, so that what is tested is what users copy. The installation is left out: the onnxdx
of this folder is the one that runs. What an action or a task would do is only told.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
SOURCE_ROOTS = os.pathsep.join(str(ROOT / name) for name in ("diagnostics", "exporter", "tui"))
INSTALLATION = "python -m pip install onnxdx"


@dataclass(frozen=True)
class Step:
    """A command, or an action with its inputs; `condition` says when it runs after a failure."""

    command: str = ""
    action: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    condition: str = ""


@dataclass(frozen=True)
class Ran:
    """What became of the steps: the exit code of each command, all output, and the actions that would run."""

    codes: tuple[int, ...]
    output: str
    actions: tuple[Step, ...]


def steps(path: Path, model: str) -> Iterator[Step]:
    """The steps of a file for GitHub, GitLab or Azure, for one model."""
    plain = yaml.safe_load(path.read_text(encoding="utf-8"))
    if "jobs" in plain:
        ((_, job),) = plain["jobs"].items()
        (variable,) = job["strategy"]["matrix"]
        for step in _filled(job["steps"], {f"${{{{ matrix.{variable} }}}}": model}):
            yield Step(
                step.get("run", ""), step.get("uses", ""), step.get("with", {}), step.get("env", {}), step.get("if", "")
            )
    elif "steps" in plain:
        for step in plain["steps"]:
            environment = {**step.get("env", {}), **({"MODEL": model} if "MODEL" in step.get("env", {}) else {})}
            condition = step.get("condition", "")
            yield Step(step.get("script", ""), step.get("task", ""), step.get("inputs", {}), environment, condition)
    else:
        ((_, job),) = plain.items()
        for command in job["script"]:
            yield Step(command, environment={**job["variables"], "MODEL": model})
        yield Step(action="artifacts", inputs=job["artifacts"]["reports"], condition=job["artifacts"]["when"])


def run(path: Path, model: str, folder: Path) -> Ran:
    """Run the commands of a file in the project `folder`, as its host would."""
    (folder / "bin").mkdir(exist_ok=True)
    program = folder / "bin" / "onnxdx"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m onnxdx_tui.cli "$@"\n')
    program.chmod(0o755)
    base = {**os.environ, "PYTHONPATH": SOURCE_ROOTS, "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}
    codes: list[int] = []
    output, actions = "", []
    for step in _filled_steps(steps(path, model), {"$(Agent.TempDirectory)": str(folder / "temp")}):
        if not _runs(step.condition, failed=any(codes), folder=folder):
            continue
        if step.action:
            actions.append(step)
        elif step.command.strip() != INSTALLATION:
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step.command],
                cwd=folder,
                env={**base, **step.environment},
                capture_output=True,
                text=True,
                check=False,
            )
            codes.append(done.returncode)
            output += done.stdout
    return Ran(tuple(codes), output, tuple(actions))


def _runs(condition: str, *, failed: bool, folder: Path) -> bool:
    """Whether a step runs. Only the conditions of our own files are understood."""
    if not condition:
        return not failed
    files = re.search(r"^always\(\) && hashFiles\('([^']+)'\) != ''$", condition)
    if files:
        return (folder / files[1]).exists()
    if condition in ("always()", "always"):
        return True
    raise ValueError(f"what does {condition!r} mean?")


def _filled(value: Any, texts: Mapping[str, str]) -> Any:
    """Plain data with placeholders replaced in all its texts."""
    if isinstance(value, str):
        for text, by in texts.items():
            value = value.replace(text, by)
        return value
    if isinstance(value, dict):
        return {key: _filled(item, texts) for key, item in value.items()}
    return [_filled(item, texts) for item in value] if isinstance(value, list) else value


def _filled_steps(found: Iterator[Step], texts: Mapping[str, str]) -> Iterator[Step]:
    for step in found:
        yield Step(*(_filled(value, texts) for value in vars(step).values()))


def main(path: str, model: str) -> int:
    """Run a file on a target of this repository; the exit code is the highest of its commands."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "samples").symlink_to(ROOT / "samples")
        ran = run(Path(path), model, folder)
    print(ran.output, end="")
    for step in ran.actions:
        print(f"would run {step.action} with {dict(step.inputs)}")
    return max(ran.codes, default=0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
