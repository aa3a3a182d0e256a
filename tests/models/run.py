"""Export the models of the zoo and print one line for each. Exits 1 unless all are proven without a finding.

python tests/models/run.py [--only PATTERN] [--functions MODE] [--isolate] [--json FILE]
"""

from __future__ import annotations

import argparse
import gc
import json
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import get_args

import zoo
from examine import Row, examine

import onnxdx
from onnxdx.request import FunctionsMode
from onnxdx_diagnostics.atomic import write_text

LAYOUT = "{:30} {:24} {:>6} {:>6} {:>9} {:>7} {:>8}  {:28} {}"
HEADING = LAYOUT.format("model", "dynamic", "FX", "ONNX", "capture s", "after s", "verify s", "verdict", "findings")


def main() -> int:
    """Run the suite; the exit code."""
    asked = _arguments()
    entries = zoo.entries(asked.only)
    if not entries:
        print(f"no model matches {asked.only}", file=sys.stderr)
        return 2
    warnings.simplefilter("ignore")
    began = perf_counter()
    print(HEADING)
    rows = []
    for row in isolated(entries, asked) if asked.isolate else in_process(entries, asked):
        rows.append(row)
        print(line(row), flush=True)
        if asked.json:
            write_text(asked.json, json.dumps([asdict(row) for row in rows], indent=1))
    bad = [row for row in rows if not row.clean]
    for row in bad:
        print(f"\n{row.name}: {row.verdict} {row.reason}".rstrip())
        print("".join(f"    {message}\n" for message in row.messages), end="")
    print(f"\n{summary(rows)} in {perf_counter() - began:.0f} s")
    return 1 if bad else 0


def in_process(entries: Iterable[zoo.Entry], asked: argparse.Namespace) -> Iterator[Row]:
    """One model after the other, each forgotten before the next."""
    for entry in entries:
        yield examine(entry, onnxdx.ExportOptions(functions=asked.functions))
        gc.collect()


def isolated(entries: Iterable[zoo.Entry], asked: argparse.Namespace) -> Iterator[Row]:
    """Each model in a process of its own, so that a crash of one is a line of the table."""
    for entry in entries:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "row.json"
            command = [sys.executable, __file__, "--only", entry.name, "--functions", asked.functions, "--json", file]
            ended = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
            if not file.exists():
                last = next(reversed(ended.stderr.strip().splitlines()), "")
                reason = f"the process ended with code {ended.returncode}: {last}"
                yield Row(entry.name, entry.family, entry.dims, "crashed", reason)
                continue
            yield Row(**next(plain for plain in json.loads(file.read_text()) if plain["name"] == entry.name))


def line(row: Row) -> str:
    """The row as the table shows it."""
    verdict = row.verdict
    if row.verdict in ("proven", "differs"):
        verdict += f" {row.max_abs:.1e} / {row.max_rel:.1e}"
    findings = " ".join(sorted(set(row.findings))) or "-"
    seconds = [f"{value:.2f}" for value in (row.capture, row.after, row.verify)]
    dims = ", ".join(row.dims) or "-"
    return LAYOUT.format(row.name, dims, row.fx_nodes, row.onnx_nodes, *seconds, verdict, findings).rstrip()


def summary(rows: list[Row]) -> str:
    """The whole table in one line."""
    clean = sum(row.clean for row in rows)
    dynamic = sum(bool(row.dims) for row in rows)
    timed = [row for row in rows if row.onnx_nodes]
    cheap = sum(row.after < row.capture for row in timed)
    return (
        f"{clean} of {len(rows)} models proven with no findings; {dynamic} of them asked for dynamic dims; "
        f"after capture costs less than capture on {cheap} of {len(timed)}"
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", default="*", metavar="PATTERN", help="names or families, globs separated by commas")
    parser.add_argument("--functions", default="none", choices=get_args(FunctionsMode), help="as in ExportOptions")
    parser.add_argument("--isolate", action="store_true", help="a process of its own for each model")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there, after each model")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
