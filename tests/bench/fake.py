"""Measure what a model larger than memory costs: its graph in fake mode, and its weights streamed to ONNX.

    python tests/bench/fake.py [--runs N] [--layers N] [--dtypes LIST] [--folder DIR] [--write docs/large-models.md]

The graph is that of a Llama configuration of 8 billion parameters. The weights are those of the same configuration
with fewer layers, because they have to be made up: 4 GB of bfloat16 in shards of safetensors, which are saved as a
model and, in turn, copied as they are, in `--folder`. Each measurement is a process of its own, without its imports.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import resource
import shlex
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

LAYERS = 32
CONFIG: Mapping[str, Any] = {
    "vocab_size": 128_256,
    "hidden_size": 4096,
    "intermediate_size": 14_336,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "max_position_embeddings": 8192,
    "use_cache": False,
}
SHARD = 1_000_000_000
PAGE = """# Models larger than memory

What `{command}` has measured. Each figure is the median of processes of their own, without their imports; peak memory
is that of the whole process, with its imports.

A Llama configuration of 8 billion parameters (32 layers, hidden size 4096, vocabulary 128k) in fake mode, from the
configuration to the ONNX graph:

- static: {static}
- dynamic batch and sequence: {dynamic}

Its weights, those of fewer layers, streamed from shards of safetensors in bfloat16 into a model, in turn with a copy of
the same files:

{saved}
"""
GIGABYTE = 1e9


def main() -> int:
    """Measure, print, and write the page when asked to; the exit code."""
    asked = _arguments()
    told = []
    for dynamic in (False, True):
        told.append(_told_of_graph([_measured("graph", str(LAYERS), str(int(dynamic))) for _ in range(asked.runs)]))
        print(f"{'dynamic' if dynamic else 'static'}: {told[-1]}", flush=True)
    with tempfile.TemporaryDirectory(dir=asked.folder, prefix="onnxdx-fake-") as folder:
        saved = _saves(Path(folder), asked.layers, asked.runs, asked.dtypes.split(","))
    if asked.write:
        from onnxdx_diagnostics.atomic import write_text

        options = ["--runs", str(asked.runs), "--dtypes", asked.dtypes, "--folder", str(asked.folder)]
        command = shlex.join(["python", "tests/bench/fake.py", *options])
        write_text(asked.write, PAGE.format(command=command, static=told[0], dynamic=told[1], saved="\n".join(saved)))
    return 0


def _told_of_graph(rows: list[dict[str, Any]]) -> str:
    """What the exports of one graph cost, in a line."""
    passes = ", ".join(f"{name} {seconds:.1f}" for name, seconds in rows[0]["passes"].items())
    return (
        f"{_median(rows, 'cpu'):.1f} CPU s ({passes}), {_median(rows, 'wall'):.1f} s by the clock, "
        f"peak memory {_median(rows, 'peak'):.2f} GB, {rows[0]['parameters'] / 1e9:.2f} billion parameters, "
        f"{rows[0]['nodes']} nodes"
    )


def _saves(folder: Path, layers: int, runs: int, dtypes: list[str]) -> list[str]:
    """Lines on saving the made-up checkpoint, and on copying it in turn."""
    index = _measured("checkpoint", str(folder), str(layers))
    told = [f"The checkpoint has {index['bytes'] / GIGABYTE:.2f} GB in {index['shards']} shards.", ""]
    for dtype in dtypes:
        copies: list[dict[str, Any]] = []
        saves: list[dict[str, Any]] = []
        for _ in range(runs):
            copies.append(_measured("copy", str(folder)))
            saves.append(_measured("save", str(folder), str(layers), dtype))
        ratio = _median(saves, "speed") / _median(copies, "speed")
        told.append(
            f"- as {dtype}: {_median(saves, 'speed'):.2f} GB/s ({_spread(saves)}), {_median(saves, 'cpu'):.1f} CPU s, "
            f"peak memory {_median(saves, 'peak'):.2f} GB; copying {_median(copies, 'speed'):.2f} GB/s "
            f"({_spread(copies)}), {_median(copies, 'cpu'):.1f} CPU s: {ratio:.0%} of its speed"
        )
        print(told[-1], flush=True)
    return told


def graph(layers: int, dynamic: bool) -> dict[str, Any]:
    """One export in fake mode, from the configuration to the graph."""
    import onnxdx
    from onnxdx import pipeline
    from onnxdx.request import ExportRequest
    from onnxdx_diagnostics.events import Event, EventKind

    passes: dict[str, float] = {}

    def hear(event: Event) -> None:
        if event.kind is EventKind.PASS_STARTED:
            passes[event.subject] = -time.process_time()
        if event.kind is EventKind.PASS_ENDED:
            passes[event.subject] += time.process_time()

    with _measuring() as measured:
        with onnxdx.enable_fake_mode() as fake:
            model, given = _llama(layers, "float32")
        shapes = {"input_ids": {0: "batch", 1: "sequence"}} if dynamic else None
        options = onnxdx.ExportOptions(fake_context=fake)
        program, report = pipeline.run(ExportRequest(model, (), given, shapes, options), hear)
    assert program is not None
    assert report.findings == ()
    return {
        **measured,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "nodes": len(program.model.graph),
        "passes": passes,
    }


def checkpoint(folder: Path, layers: int) -> dict[str, Any]:
    """Made-up weights of the configuration, in shards of safetensors with an index."""
    import torch

    import onnxdx

    with onnxdx.enable_fake_mode():
        model, _ = _llama(layers, "bfloat16")
    shards: list[dict[str, tuple[int, ...]]] = [{}]
    size = total = 0
    for name, tensor in model.state_dict().items():
        if size + tensor.nbytes > SHARD and shards[-1]:
            shards.append({})
            size = 0
        shards[-1][name] = tuple(tensor.shape)
        size += tensor.nbytes
        total += tensor.nbytes
    names = [f"model-{number:05}-of-{len(shards):05}.safetensors" for number in range(1, len(shards) + 1)]
    for name, shard in zip(names, shards, strict=True):
        _write_shard(folder / name, shard, torch.rand(1 << 22).mul_(0.02).to(torch.bfloat16).view(torch.uint8))
    places = {name: file for file, shard in zip(names, shards, strict=True) for name in shard}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": places}))
    return {"bytes": total, "shards": len(shards)}


def _write_shard(path: Path, shapes: Mapping[str, tuple[int, ...]], pattern: Any) -> None:
    entries: dict[str, Any] = {}
    end = 0
    for name, shape in shapes.items():
        start, end = end, end + 2 * math.prod(shape)
        entries[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [start, end]}
    header = json.dumps(entries).encode()
    content = pattern.numpy()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        for start in range(0, end, len(content)):
            file.write(content[: end - start])


def save(folder: Path, layers: int, dtype: str) -> dict[str, Any]:
    """The model exported in fake mode, and its weights streamed from the shards; only that is measured."""
    import onnxdx

    with onnxdx.enable_fake_mode() as fake:
        model, given = _llama(layers, dtype)
    program = onnxdx.export(model, (), given, options=onnxdx.ExportOptions(fake_context=fake))
    target = folder / "onnx"
    target.mkdir()
    with _measuring() as measured:
        program.save(target / "model.onnx", model_state=folder / "model.safetensors.index.json")
    written = sum(file.stat().st_size for file in target.iterdir())
    shutil.rmtree(target)
    return {**measured, "speed": written / GIGABYTE / measured["wall"]}


def copy(folder: Path) -> dict[str, Any]:
    """The shards copied by Python, which leaves it to the kernel."""
    target = folder / "copy"
    target.mkdir()
    with _measuring() as measured:
        for shard in sorted(folder.glob("*.safetensors")):
            shutil.copyfile(shard, target / shard.name)
    written = sum(file.stat().st_size for file in target.iterdir())
    shutil.rmtree(target)
    return {**measured, "speed": written / GIGABYTE / measured["wall"]}


def _llama(layers: int, dtype: str) -> tuple[Any, dict[str, Any]]:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    model = LlamaForCausalLM(LlamaConfig(**CONFIG, num_hidden_layers=layers, dtype=dtype)).eval()
    return model.to(getattr(torch, dtype)), {"input_ids": torch.randint(0, 1000, (2, 8))}


@contextlib.contextmanager
def _measuring() -> Iterator[dict[str, float]]:
    """Fills in CPU and wall seconds, and the peak of resident memory in GB, the imports included."""
    measured: dict[str, float] = {}
    wall, cpu = time.perf_counter(), time.process_time()
    yield measured
    measured["cpu"], measured["wall"] = time.process_time() - cpu, time.perf_counter() - wall
    unit = 1 if sys.platform == "darwin" else 1024
    measured["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / GIGABYTE


def _measured(what: str, *arguments: str) -> dict[str, Any]:
    """What a process of its own measures."""
    ended = subprocess.run(
        [sys.executable, __file__, "--one", what, *arguments], check=True, stdout=subprocess.PIPE, text=True
    )
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return found


def _median(rows: list[dict[str, Any]], key: str) -> float:
    return statistics.median(float(row[key]) for row in rows)


def _spread(rows: list[dict[str, Any]]) -> str:
    speeds = sorted(float(row["speed"]) for row in rows)
    return f"{speeds[0]:.2f} to {speeds[-1]:.2f}"


ONE: Mapping[str, Callable[..., dict[str, Any]]] = {
    "graph": lambda layers, dynamic: graph(int(layers), dynamic == "1"),
    "checkpoint": lambda folder, layers: checkpoint(Path(folder), int(layers)),
    "save": lambda folder, layers, dtype: save(Path(folder), int(layers), dtype),
    "copy": lambda folder: copy(Path(folder)),
}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3, help="how often each is measured [3]")
    parser.add_argument("--layers", type=int, default=5, help="layers of the model whose weights are saved [5]")
    parser.add_argument("--dtypes", default="bfloat16,float32", help="what the model computes in [bfloat16,float32]")
    parser.add_argument("--write", type=Path, help="write the figures to this page")
    parser.add_argument("--folder", type=Path, default=Path.cwd(), help="where the gigabytes go [here]")
    return parser.parse_args()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        import onnxruntime  # noqa: F401
        import onnxscript.optimizer  # noqa: F401
        import transformers

        transformers.logging.set_verbosity_error()
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        print(json.dumps(ONE[sys.argv[2]](*sys.argv[3:])))
    else:
        sys.exit(main())
