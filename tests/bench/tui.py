"""The speed of the app in a real terminal: `python tests/bench/tui.py` prints each figure beside its bar.

CPU figures hold on any machine that is as fast as the one they were set on; wall figures only on one that is idle.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from big_run import write_big_run  # noqa: E402
from terminal import Terminal, onnxdx  # noqa: E402

from onnxdx_diagnostics.graphs import Graphs, Stage  # noqa: E402
from onnxdx_diagnostics.rundir import GRAPHS  # noqa: E402
from onnxdx_tui.workspace.graph_rows import GraphRows  # noqa: E402

_PAGE_DOWN, _PAGE_UP, _DOWN, _UP = b"\x1b[6~", b"\x1b[5~", b"\x1b[B", b"\x1b[A"
SIZES = (1_000, 10_000, 50_000)


class Figure(NamedTuple):
    """One measured number and the bar that it is to stay below."""

    what: str
    value: float
    bar: float
    unit: str

    def __str__(self) -> str:
        sign = "✓" if self.value <= self.bar else "✗"
        return f"{sign} {self.what:<58} {self.value:>8.3f} {self.unit:<3} bar {self.bar:g}"


def started(run: Path) -> Terminal:
    """The app on a run, in its terminal."""
    return Terminal(onnxdx("tui", str(run)), environment={"PYTHONPATH": os.environ.get("PYTHONPATH", "")})


def first_paint(run: Path) -> list[Figure]:
    """CPU until the workspace stands, before the run is read; of five starts the middle one."""
    wall, cpu = [], []
    for _ in range(5):
        terminal = started(run)
        wall.append(terminal.until(b"Findings"))
        cpu.append(terminal.cpu())
        terminal.end()
    return [
        Figure("first paint, CPU", statistics.median(cpu), 0.45, "s"),
        Figure("first paint, wall", statistics.median(wall), 0.6, "s"),
    ]


def of_size(run: Path, nodes: int) -> tuple[list[Figure], float]:
    """A run of so many nodes: until it is usable, per key, per page, per letter of a search; and CPU per key."""
    terminal = started(run)
    terminal.until(b"n/N next")
    terminal.quiet()
    figures = [
        Figure(f"{nodes} nodes, usable, CPU", terminal.cpu(), 1.5, "s"),
        Figure(f"{nodes} nodes, memory", terminal.memory(), 150, "MB"),
    ]
    terminal.press(b"0")
    terminal.quiet()
    rounds = [_keys(terminal, [b"j"] * 8 + [b"k"] * 8, 3) for _ in range(3)]
    waits, cpu = [wait for each, _ in rounds for wait in each], statistics.median(each for _, each in rounds)
    figures += [
        Figure(f"{nodes} nodes, cursor, CPU per key", cpu * 1000, 8, "ms"),
        Figure(f"{nodes} nodes, cursor, p95", _p95(waits) * 1000, 50, "ms"),
    ]
    _, page = _keys(terminal, [_PAGE_DOWN, _PAGE_UP], 15)
    figures.append(Figure(f"{nodes} nodes, page, CPU per key", page * 1000, 15, "ms"))
    terminal.press(b"g")
    terminal.press(b"/")
    terminal.quiet()
    walls, cpus = [], []
    for letter in (b"s", b"p", b"e", b"c", b"i", b"a"):
        before = terminal.cpu()
        walls.append(terminal.painted(letter))
        cpus.append(terminal.cpu() - before)
    figures += [
        Figure(f"{nodes} nodes, search, worst letter, CPU", max(cpus) * 1000, 100, "ms"),
        Figure(f"{nodes} nodes, search, worst letter until painted", max(walls) * 1000, 100, "ms"),
        Figure(f"{nodes} nodes, search, typed fast, until painted", _typed_fast(terminal) * 1000, 100, "ms"),
        Figure(f"{nodes} nodes, search, letters in order, until painted", _fuzzy(terminal) * 1000, 300, "ms"),
    ]
    terminal.end()
    return figures, cpu


def _typed_fast(terminal: Terminal) -> float:
    """A word typed with 30 ms between its letters; seconds from the last one until all that it changes is painted."""
    terminal.press(b"\x1b")
    terminal.quiet()
    terminal.press(b"/")
    terminal.quiet()
    for letter in (b"s", b"p", b"e", b"c", b"i"):
        terminal.press(letter)
        terminal.read(0.03)
    start = time.monotonic()
    terminal.press(b"a")
    return terminal.started + terminal.quiet() - start


def _fuzzy(terminal: Terminal) -> float:
    """Letters that are in a text in their order; the worst of them, in seconds until it is painted."""
    terminal.press(b"\x1b")
    terminal.quiet()
    terminal.press(b"/")
    terminal.quiet()
    return max(terminal.painted(letter) for letter in (b"~", b"s", b"p", b"c", b"1"))


def two_hops(run: Path) -> list[Figure]:
    """The nodes around others, as many of them as there are findings, each with all its rows: the slowest, in CPU."""
    graph = Graphs.load(run / GRAPHS).stage(Stage.CAPTURED)
    GraphRows(graph, graph.nodes[0].name, 2, {})  # what is made once for a graph is made
    seconds, rows = [], []
    for node in graph.nodes[:: len(graph.nodes) // 40]:
        start = time.process_time()
        shown = GraphRows(graph, node.name, 2, {})
        for row in range(len(shown)):
            shown.line(row, 75)
        seconds.append(time.process_time() - start)
        rows.append(len(shown))
    return [
        Figure(f"{len(graph.nodes)} nodes, two hops in lanes, CPU", max(seconds) * 1000, 5, "ms"),
        Figure(f"{len(graph.nodes)} nodes, two hops in lanes, rows", max(rows), 40, ""),
    ]


BUSY = """
import torch

class Net(torch.nn.Module):
    def forward(self, x):
        return x + 1

def build():
    while True:
        torch.linalg.svd(torch.rand(200, 200))
"""


def during_an_export(folder: Path) -> list[Figure]:
    """Keys while the worker is busy, and how long a cancel takes to be seen and to be done."""
    (folder / "pyproject.toml").write_text("")
    (folder / "busy.py").write_text(BUSY)
    terminal = Terminal(
        onnxdx("tui", f"{folder / 'busy.py'}:build"), environment={"PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    )
    terminal.until(b"load target", 120)
    terminal.press(b"?")
    terminal.read(0.5)
    waits = []
    for key in [_DOWN, _DOWN, _UP, _UP] * 12:
        waits.append(terminal.press(key))
        terminal.read(0.03)
    terminal.press(b"\x1b")
    terminal.read(0.5)
    start = time.monotonic()
    terminal.output.clear()
    terminal.press(b"x")
    terminal.until(b"cancel", 10)
    seen = time.monotonic() - start
    terminal.until(b"cancelled", 20)
    gone = time.monotonic() - start
    terminal.end()
    return [
        Figure("during an export, keys, p95", _p95(waits) * 1000, 50, "ms"),
        Figure("during an export, keys, worst", max(waits) * 1000, 150, "ms"),
        Figure("cancel, until it is seen", seen * 1000, 100, "ms"),
        Figure("cancel, until the model's code is gone", gone, 3, "s"),
    ]


FLOOD = """
import time
from pathlib import Path

import torch
from onnxdx_diagnostics.event_log import EventLog
from onnxdx_diagnostics.events import Event, EventKind

class Net(torch.nn.Module):
    def forward(self, x):
        return x + 1

def build():
    folder = Path("/proc/self/cmdline").read_text().split("\\0")[-3]  # which the worker was started with
    log = EventLog(Path(folder) / "events.ndjson")
    start = time.monotonic()
    for number in range(10_000):
        log(Event(EventKind.PLACE, "", time.time(), {"path": "flood.py", "line": number}))
        time.sleep(max(0, start + number / 2_000 - time.monotonic()))
    with open("rate.txt", "w") as file:
        file.write(str(10_000 / (time.monotonic() - start)))
    for number in range(10):
        time.sleep(0.43)
        with open(f"mark{number}.txt", "w") as file:
            file.write(str(time.monotonic()))
        log(Event(EventKind.STEP_STARTED, f"mark-{number}.", time.time()))
    while True:
        time.sleep(1)
"""


def in_a_flood(folder: Path) -> list[Figure]:
    """Paints while 2,000 events come in a second, and how long an event takes to be on the screen."""
    (folder / "pyproject.toml").write_text("")
    (folder / "flood.py").write_text(FLOOD)
    terminal = Terminal(
        onnxdx("tui", "flood.py:build"), environment={"PYTHONPATH": os.environ.get("PYTHONPATH", "")}, folder=folder
    )
    terminal.until(b"load target", 120)
    terminal.read(1.0)
    seconds = 3.0
    before = terminal.cpu()
    frames = terminal.frames(seconds)
    cpu = (terminal.cpu() - before) / seconds
    waits = []
    for number in range(10):
        terminal.until(f"mark-{number}.".encode(), 60)
        waits.append(terminal.painted_last - float((folder / f"mark{number}.txt").read_text()))
    rate = float((folder / "rate.txt").read_text())
    terminal.end()
    return [
        Figure(f"{rate:.0f} events a second, paints", frames / seconds, 10, "/s"),
        Figure(f"{rate:.0f} events a second, CPU of the app", cpu * 100, 50, "%"),
        Figure("an event, until it is seen, worst of ten", max(waits) * 1000, 250, "ms"),
    ]


def _keys(terminal: Terminal, keys: list[bytes], times: int) -> tuple[list[float], float]:
    """How long each key waited for its answer, and the CPU of one."""
    before = terminal.cpu()
    waits = []
    for key in keys * times:
        waits.append(terminal.press(key))
        terminal.read(0.02)
    terminal.quiet()
    return waits, (terminal.cpu() - before) / len(waits)


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


def main() -> None:
    """Print every figure; exit with 1 when one is above its bar."""
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as folder:
        runs = {nodes: write_big_run(Path(folder) / str(nodes), nodes) for nodes in SIZES}
        figures += first_paint(runs[SIZES[0]])
        per_key = {}
        for nodes, run in runs.items():
            found, per_key[nodes] = of_size(run, nodes)
            figures += found
        figures += during_an_export(Path(folder))
        figures += two_hops(runs[SIZES[-1]])
        figures += in_a_flood(Path(folder))
        ratio = per_key[SIZES[-1]] / per_key[SIZES[0]]
        figures.append(Figure("CPU per key, 50k over 1k nodes", ratio, 1.3, "x"))
    print(*figures, sep="\n")
    sys.exit(any(figure.value > figure.bar for figure in figures))


if __name__ == "__main__":
    main()
