"""The scorecard: run every program of the corpus through onnxdx and through torch's own exporter, and compare.

    python tests/failing/score.py [--only PATTERN] [--jobs N] [--write docs/scorecard.md]

Each run is a fork of this process, so that no program sees what another one did. It runs where processes can fork.
"""

from __future__ import annotations

import argparse
import contextlib
import fnmatch
import importlib
import json
import os
import re
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import peer
from corpus import HERE, Program, programs, tell
from scorecard import Ours, Row, page, summary

LONGEST_RUN = 90
Work = Callable[[Program, Path], dict[str, Any]]


def main() -> int:
    """Measure, print the summary, and write the page when asked to; the exit code."""
    asked = _arguments()
    _load()
    chosen = [each for each in programs() if fnmatch.fnmatch(each.name, asked.only)]
    runs = [Run(program, side) for program in chosen for side in SIDES]
    for run in _all(runs, asked.jobs):
        print(f"{run.side:4} {run.program.name} {run.seconds:.1f} s", file=sys.stderr, flush=True)
    found = {(run.program.name, run.side): run for run in runs}
    rows = [_row(each, found[each.name, "ours"], found[each.name, "peer"]) for each in chosen]
    print(*summary(rows), sep="\n")
    if asked.write:
        from onnxdx_diagnostics.atomic import write_text

        write_text(asked.write, page(rows))
    return 0


def ours(program: Program, folder: Path) -> dict[str, Any]:
    """What onnxdx tells about the program: its findings by line, and whether it is proven."""
    told = tell(program, folder)
    return {
        "found": sorted(told.found),
        "lines": len(told.report.findings) - len(told.elsewhere),
        "findings": len(told.report.findings),
        "proven": told.proven,
    }


def theirs(program: Program, folder: Path) -> dict[str, Any]:
    """What torch's exporter says about it."""
    opset = re.search(r"--opset (\d+)", program.command)
    path = folder / program.path.name
    path.write_text(program.text, encoding="utf-8")
    return {"raised": peer.export(path, int(opset[1]) if opset else None)}


SIDES: dict[str, Work] = {"ours": ours, "peer": theirs}


@dataclass
class Run:
    """One program on one side. `result` is None when the process ended, or had to be ended, before it had one."""

    program: Program
    side: str
    result: dict[str, Any] | None = None
    printed: str = ""
    seconds: float = 0.0

    @property
    def hangs(self) -> bool:
        return self.result is None and self.seconds >= LONGEST_RUN


@dataclass
class _Fork:
    run: Run
    process: int
    folder: Path
    started: float


def _all(runs: list[Run], jobs: int) -> Iterator[Run]:
    """Work on all runs, so many at a time, and give each when it is done."""
    waiting, forks = list(runs), list[_Fork]()
    with tempfile.TemporaryDirectory() as root:
        while waiting or forks:
            while waiting and len(forks) < jobs:
                forks.append(_started(waiting.pop(0), Path(root)))
            for fork in list(forks):
                if _ended(fork):
                    forks.remove(fork)
                    yield _collected(fork)
            time.sleep(0.01)


def _started(run: Run, root: Path) -> _Fork:
    folder = root / f"{run.side}_{run.program.name}"
    folder.mkdir()
    sys.stdout.flush()
    sys.stderr.flush()
    process = os.fork()
    if process:
        return _Fork(run, process, folder, time.perf_counter())
    try:
        _work(run, folder)
    finally:  # a program that leaves Python leaves this fork, and nothing else
        os._exit(0)


def _work(run: Run, folder: Path) -> None:
    """In the fork: everything printed goes to a file, the result to another."""
    os.setsid()
    os.chdir(folder)
    output = os.open(folder / "printed.txt", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    started = time.perf_counter()
    try:
        result = SIDES[run.side](run.program, folder)
    except Exception as error:
        result = {"broken": f"{type(error).__name__}: {error}"}
    sys.stdout.flush()
    sys.stderr.flush()
    result["seconds"] = time.perf_counter() - started
    (folder / "result.json").write_text(json.dumps(result))


def _ended(fork: _Fork) -> bool:
    if os.waitpid(fork.process, os.WNOHANG)[0]:
        return True
    if time.perf_counter() - fork.started < LONGEST_RUN:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.killpg(fork.process, signal.SIGKILL)
    os.waitpid(fork.process, 0)
    return True


def _collected(fork: _Fork) -> Run:
    run, result = fork.run, fork.folder / "result.json"
    run.seconds = time.perf_counter() - fork.started
    printed = fork.folder / "printed.txt"
    run.printed = printed.read_text(encoding="utf-8", errors="replace") if printed.exists() else ""
    if result.exists():
        run.result = json.loads(result.read_text())
        run.seconds = run.result["seconds"]
    return run


def _row(program: Program, mine: Run, theirs: Run) -> Row:
    told = mine.result or {"broken": "the process ended"}
    if "broken" in told:
        print(f"{program.name}: {told['broken']}", file=sys.stderr)
    found = frozenset((line, rule) for line, rule in told.get("found", ()))
    answer = _read(program, theirs)
    return Row(
        name=program.name,
        topic=program.topic,
        fine=program.is_fine,
        marked=frozenset(program.marked),
        ours=Ours(found, told.get("findings", 0), told.get("lines", 0), told.get("proven", False), mine.seconds),
        peer=answer,
        peer_seconds=theirs.seconds,
    )


def _read(program: Program, run: Run) -> peer.Answer:
    if run.result is None:
        return peer.Answer("hangs" if run.hangs else "ends")
    return peer.read(run.result["raised"], run.printed, program.path.name)


def _load() -> None:
    """Import what either side imports, in the middle of an export too, and do nothing else before the forks."""
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "modules.json"
        process = os.fork()
        if not process:
            _survey(found)
            os._exit(0)
        os.waitpid(process, 0)
        for name in json.loads(found.read_text()):
            with contextlib.suppress(Exception):
                importlib.import_module(name)


def _survey(found: Path) -> None:
    """Write down the modules that are there once each side has exported something."""
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    program = Program(HERE / "fine" / "branch_on_config.py")
    for side, work in SIDES.items():
        folder = found.parent / side
        folder.mkdir()
        work(program, folder)
    found.write_text(json.dumps([name for name in sys.modules if name != program.name]))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="*", metavar="PATTERN", help="programs whose names match")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="programs at a time [2]")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the page here")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
