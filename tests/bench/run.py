"""Measure onnxdx against torch.onnx.export over the models of the zoo and a series of depths, and print both sides.

    python tests/bench/run.py [--only PATTERN] [--depths 2,8,32,128] [--runs N] [--write docs/benchmarks.md]

Each measurement is a process of its own (see measure.py); the sides take turns, so that a busy machine slows both.
It runs where processes can fork.
"""

from __future__ import annotations

import argparse
import json
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from series import SIDES, Model, name_of_depth
from tell import (
    DEPTH_COLUMNS,
    HEADING,
    depth_row,
    depth_summary,
    line,
    page,
    per_pass,
    pictures,
    start_up,
    summary,
)  # fmt: skip

MEASURE = Path(__file__).with_name("measure.py")
STARTS = {
    "`onnxdx explain DX301`": (
        "import sys; sys.argv = ['onnxdx', 'explain', 'DX301']; from onnxdx_tui.cli import main; main()"
    ),
    "`import onnxdx_diagnostics`": "import onnxdx_diagnostics",
    "Python alone": "pass",
}


def main() -> int:
    """Measure, print, and write the page when asked to; the exit code."""
    asked = _arguments()
    with tempfile.TemporaryDirectory() as folder, Measurements(Path(folder), asked.only) as measurements:
        if measurements.error:
            print(measurements.error, file=sys.stderr)
            return 3
        if not measurements.names and not asked.depths:
            print(f"no model matches {asked.only}", file=sys.stderr)
            return 2
        print(HEADING)
        models = []
        for name in measurements.names:
            models.append(_compare(measurements, name, asked.runs))
            print(line(models[-1]), flush=True)
        print("", " | ".join(DEPTH_COLUMNS), sep="\n")
        depths = {}
        for layers in asked.depths:
            depths[layers] = _compare(measurements, name_of_depth(layers), asked.runs)
            print(" | ".join(depth_row(layers, depths[layers])), *depths[layers].errors, flush=True)
    starts = {title: _start(code) for title, code in STARTS.items()}
    print("", *summary(models), *depth_summary(depths), "", *per_pass(models), "", *start_up(starts), sep="\n")
    if asked.write:
        from onnxdx_diagnostics.atomic import write_text

        folder = asked.write.with_suffix("")
        for name, picture in pictures(depths).items() if depths else ():
            folder.mkdir(exist_ok=True)
            write_text(folder / name, picture)
        command = shlex.join(["python", "tests/bench/run.py", *sys.argv[1:]])
        write_text(asked.write, page(models, depths, starts, command, folder.name))
    return 0


def _compare(measurements: Measurements, name: str, runs: int) -> Model:
    """All measurements of one model: peer, ours, verified, peer, ours, ..."""
    model = Model(name)
    for _ in range(runs):
        for side in SIDES:
            if not model.series(side).error:
                model.series(side).add(measurements.one(side, name))
    return model


class Measurements:
    """The process that measures. `names` are the models that match; `error` is why nothing can be measured."""

    def __init__(self, folder: Path, pattern: str) -> None:
        self.file = folder / "found.json"
        command = [sys.executable, str(MEASURE), "list", pattern, str(self.file)]
        ended = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
        last = next(reversed(ended.stderr.strip().splitlines()), "no message")
        found = self._found(f"listing the models ends with code {ended.returncode}: {last}")
        self.error: str = found.get("error", "")
        self.names: list[str] = found.get("names", [])
        modules = folder / "modules.json"
        modules.write_text(json.dumps(found.get("modules", [])))
        self.server = subprocess.Popen(
            [sys.executable, str(MEASURE), "serve", str(modules)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def one(self, side: str, name: str) -> dict[str, Any]:
        """What one export found."""
        assert self.server.stdin is not None
        assert self.server.stdout is not None
        self.server.stdin.write(f"{side} {name} {self.file}\n")
        self.server.stdin.flush()
        status = self.server.stdout.readline().strip()
        return self._found(f"the process ends with code {status or 'unknown'}")

    def _found(self, otherwise: str) -> dict[str, Any]:
        if not self.file.exists():
            return {"error": otherwise}
        found: dict[str, Any] = json.loads(self.file.read_text())
        self.file.unlink()
        return found

    def __enter__(self) -> Measurements:
        return self

    def __exit__(self, *_: object) -> None:
        self.server.communicate()


def _start(code: str, runs: int = 7) -> float | None:
    """Median wall milliseconds of a Python that runs `code`; None when it fails."""
    seconds = []
    for _ in range(runs):
        began = time.perf_counter()
        ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
        seconds.append(time.perf_counter() - began)
        if ended.returncode:
            return None
    return 1000 * statistics.median(seconds)


def _depths(text: str) -> tuple[int, ...]:
    return tuple(int(each) for each in text.split(",") if each.strip())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", default="*", metavar="PATTERN", help="names or families, globs separated by commas")
    parser.add_argument("--depths", type=_depths, default="2,8,32,128", metavar="N,N", help="layers; empty for none")
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="measurements of each side")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the page there")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
