"""One measurement, in a process that does nothing else: one model, exported once, by one side.

    python tests/bench/measure.py list PATTERN FILE          names of the models, and the modules that exporting loads
    python tests/bench/measure.py SIDE NAME MODULES FILE     SIDE is "peer", "ours" or "verified"

Everything that either exporter imports, now or in the middle of an export, is imported first; the model is built and
called once; then the clocks start. FILE gets one JSON object.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
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
from zoo.counting import onnx_nodes

Result = tuple[Any, dict[str, float]]


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


def measure(side: str, name: str, modules: list[str]) -> dict[str, Any]:
    """CPU and wall seconds, peak memory growth, node count and seconds per pass of one export."""
    sample = zoo.named(name).build()
    for module in modules:
        with contextlib.suppress(Exception):
            importlib.import_module(module)
    with torch.no_grad():
        sample.model(*sample.args, **sample.kwargs)
    sample = zoo.named(name).build()
    gc.collect()
    _forget_peak()
    memory, wall, cpu = _peak_memory(), time.perf_counter(), _cpu_seconds()
    program, passes = SIDES[side](sample)
    cpu, wall, memory = _cpu_seconds() - cpu, time.perf_counter() - wall, _peak_memory() - memory
    nodes = onnx_nodes(program.model_proto)
    return {"cpu": cpu, "wall": wall, "memory": memory, "nodes": nodes, "passes": passes}


def survey(pattern: str) -> dict[str, Any]:
    """The names that match, and every module that is loaded once each side has exported something small."""
    sample = zoo.named("mlp").build()
    before = {name for name in sys.modules if not name.startswith(("zoo", "__"))}
    for side in SIDES.values():
        side(sample)
    return {"names": [one.name for one in zoo.entries(pattern)], "modules": sorted(set(sys.modules) - before)}


def _onnxdx(sample: zoo.Sample, *, verify: bool) -> Result:
    import onnxdx

    options = onnxdx.ExportOptions(verify=verify)
    program = onnxdx.export(
        sample.model, sample.args, dict(sample.kwargs), dynamic_shapes=sample.dynamic_shapes, options=options
    )
    return program, {record.name: record.seconds for record in program.report.passes}


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


def main(what: str, *rest: str) -> None:
    """Do what the command line says; a failed export is a result too."""
    file = Path(rest[-1])
    with _silence():
        try:
            found = survey(rest[0]) if what == "list" else measure(what, rest[0], json.loads(Path(rest[1]).read_text()))
        except Exception as error:
            found = {"error": f"{type(error).__name__}: {next(iter(str(error).strip().splitlines()), '')}"}
    file.write_text(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
