"""One measurement, in a process that does nothing else: one model, exported once, by one side.

    python tests/bench/measure.py list PATTERN FILE     names of the models, and the modules that exporting loads
    python tests/bench/measure.py serve MODULES         measures what is asked for on stdin: SIDE NAME FILE, one a line

SIDE is "peer", "ours" or "verified"; FILE gets one JSON object. The server imports everything that either exporter
imports, now or in the middle of an export, and does nothing else; each measurement is a fork of it, in which the model
is built and called once before the clocks start. An answer on stdout, the exit status, says that a measurement is over.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import re
import resource
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "models"))

import torch
import zoo
from depths import sample_of
from latency import milliseconds
from zoo.counting import onnx_nodes

Result = tuple[Any, dict[str, dict[str, float]]]
"""An exported program, and for ours the seconds of each pass: "passes" in CPU time, "walls" on the clock."""


def peer(sample: zoo.Sample) -> Result:
    """torch's own exporter with its defaults."""
    program = torch.onnx.export(
        sample.model, sample.args, kwargs=dict(sample.kwargs), dynamic_shapes=sample.dynamic_shapes, dynamo=True
    )
    assert program is not None
    return program, {}


def ours(sample: zoo.Sample) -> Result:
    """onnxdx without verification, which is what the peer does."""
    return _onnxdx(sample, verify=False)


def verified(sample: zoo.Sample) -> Result:
    """onnxdx as it comes: the numbers are compared with eager at several sizes."""
    return _onnxdx(sample, verify=True)


SIDES: dict[str, Callable[[zoo.Sample], Result]] = {"peer": peer, "ours": ours, "verified": verified}


def measure(side: str, name: str) -> dict[str, Any]:
    """CPU and wall seconds, peak memory growth, node count, seconds per pass and latency of one export."""
    sample = sample_of(name)
    with torch.no_grad():
        sample.model(*sample.args, **sample.kwargs)
    sample = sample_of(name)
    gc.collect()
    _forget_peak()
    memory, wall, cpu = _peak_memory(), time.perf_counter(), _cpu_seconds()
    program, passes = SIDES[side](sample)
    cpu, wall, memory = _cpu_seconds() - cpu, time.perf_counter() - wall, _peak_memory() - memory
    proto = program.model_proto
    found = {"cpu": cpu, "wall": wall, "memory": memory, "nodes": onnx_nodes(proto), **passes}
    if side != "verified":
        found["latency"] = milliseconds(proto, sample)
    return found


def survey(pattern: str) -> dict[str, Any]:
    """The names that match, and every module that is loaded once each side has exported something small."""
    sample = zoo.named("mlp").build()
    before = {name for name in sys.modules if not name.startswith(("zoo", "__"))}
    for side in SIDES.values():
        side(sample)
    return {"names": [one.name for one in zoo.entries(pattern)], "modules": sorted(set(sys.modules) - before)}


def _onnxdx(sample: zoo.Sample, *, verify: bool) -> Result:
    import onnxdx
    from onnxdx import pipeline
    from onnxdx.request import ExportRequest
    from onnxdx_diagnostics.events import Event, EventKind

    seconds: dict[str, float] = {}
    began = 0.0

    def listen(event: Event) -> None:
        nonlocal began
        if event.kind is EventKind.PASS_STARTED:
            began = _cpu_seconds()
        if event.kind is EventKind.PASS_ENDED:
            seconds[event.subject] = _cpu_seconds() - began

    options = onnxdx.ExportOptions(verify=verify)
    request = ExportRequest(sample.model, sample.args, dict(sample.kwargs), sample.dynamic_shapes, options)
    program, report = pipeline.run(request, listen)
    if program is None or not report.exported:
        raise onnxdx.ExportError(report, program)
    return program, {"passes": seconds, "walls": {record.name: record.seconds for record in report.passes}}


def _cpu_seconds() -> float:
    """User and system seconds of this process, all its threads, and the children it has waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _forget_peak() -> None:
    """Where the kernel can, start the peak anew, so that the imports do not hide what the export needs."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak_memory() -> float:
    """Peak resident memory of this process in MiB."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 1024


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Nothing that an exporter or a model prints reaches the terminal."""
    warnings.simplefilter("ignore")
    kept = os.dup(1), os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept[0], 1)
            os.dup2(kept[1], 2)


def write(file: str, work: Callable[[], dict[str, Any]]) -> None:
    """Write what `work` found; that it failed is a result too."""
    with _silence():
        try:
            found = work()
        except Exception as error:
            plain = re.sub(r"\x1b\[[0-9;]*m", "", str(error)).strip()
            found = {"error": f"{type(error).__name__}: {plain.partition('. ')[0].partition(chr(10))[0]}"}
    Path(file).write_text(json.dumps(found))


def serve(modules: list[str]) -> None:
    """Import everything once, then measure in forks until stdin ends."""
    with _silence():
        for module in modules:
            with contextlib.suppress(Exception):
                importlib.import_module(module)
    gc.collect()
    gc.freeze()
    for request in sys.stdin:
        side, name, file = request.split(maxsplit=2)
        child = os.fork()
        if child == 0:
            write(file.strip(), lambda side=side, name=name: measure(side, name))  # type: ignore[misc]
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "list":
        write(sys.argv[3], lambda: survey(sys.argv[2]))
    else:
        serve(json.loads(Path(sys.argv[2]).read_text()))
