"""Measure onnxdx against torch.onnx.export over the models of the zoo, and print both sides.

    python tests/bench/run.py [--only PATTERN] [--runs N] [--write docs/benchmarks.md]

Each measurement is a process of its own (see measure.py); the sides take turns, so that a busy machine slows both.
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

from series import SIDES, Model
from tell import HEADING, line, page, per_pass, start_up, summary

MEASURE = Path(__file__).with_name("measure.py")
STARTS = {
    "`onnxdx explain DX301`": "from onnxdx_tui.cli import main; main(['explain', 'DX301'])",
    "`import onnxdx_diagnostics`": "import onnxdx_diagnostics",
    "Python alone": "pass",
}


def main() -> int:
    """Measure, print, and write the page when asked to; the exit code."""
    asked = _arguments()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = _process(folder, "list", asked.only)
        if "error" in found:
            print(found["error"], file=sys.stderr)
            return 3
        if not found["names"]:
            print(f"no model matches {asked.only}", file=sys.stderr)
            return 2
        (folder / "modules.json").write_text(json.dumps(found["modules"]))
        print(HEADING)
        models = []
        for model_name in found["names"]:
            models.append(_compare(folder, model_name, asked.runs))
            print(line(models[-1]), flush=True)
    starts = {title: _start(code) for title, code in STARTS.items()}
    print("", *summary(models), "", *per_pass(models), "", *start_up(starts), sep="\n")
    if asked.write:
        from onnxdx_diagnostics.atomic import write_text

        write_text(asked.write, page(models, starts, shlex.join(["python", "tests/bench/run.py", *sys.argv[1:]])))
    return 0


def _compare(folder: Path, name: str, runs: int) -> Model:
    """All measurements of one model: peer, ours, verified, peer, ours, ..."""
    model = Model(name)
    for _ in range(runs):
        for side in SIDES:
            if not model.series(side).error:
                model.series(side).add(_process(folder, side, name, str(folder / "modules.json")))
    return model


def _process(folder: Path, *arguments: str) -> dict[str, Any]:
    """What one run of measure.py found."""
    file = folder / "found.json"
    file.unlink(missing_ok=True)
    command = [sys.executable, str(MEASURE), *arguments, str(file)]
    ended = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if not file.exists():
        last = next(reversed(ended.stderr.strip().splitlines()), "no message")
        return {"error": f"the process ended with code {ended.returncode}: {last}"}
    found: dict[str, Any] = json.loads(file.read_text())
    return found


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


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", default="*", metavar="PATTERN", help="names or families, globs separated by commas")
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="measurements of each side")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the page there")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
