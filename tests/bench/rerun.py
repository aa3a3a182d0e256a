"""What a rerun costs after a fix: the first export of a model against the next one with one more ONNX function.

    python tests/bench/rerun.py [--runs N] [--only PATTERN] [--fixes]

Each round is a fork of a process that has exported something small: a session exports the model, reruns with the
function that was missing, takes it away, and gives it again. Both sides of every ratio come from one round. `--fixes`
measures instead how long it takes to find and prove a fix for one operator. Runs where processes can fork.

Bars are held in seconds on the wall, of an idle machine; CPU seconds, those of all threads, stand beside them.
"""

from __future__ import annotations

import argparse
import fnmatch
import gc
import itertools
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
import transformers as hf
from diagnosis import _forked as forked
from onnxscript import opset18 as op

import onnxdx
from onnxdx.fixes import Evidence, fixes_for
from onnxdx.request import ExportOptions, ExportRequest
from onnxdx.session import Session
from onnxdx_diagnostics.fix import Applicability
from onnxdx_diagnostics.report import VerdictOutcome

SHARE_BAR = 0.10
"""A rerun on the 32-layer model takes at most this share of the first export."""

SECONDS_BAR = 0.5
"""A rerun on a model of 1,000 nodes takes at most this, on an idle machine."""

FIX_BAR = 2.0
"""Finding and proving a fix for one operator takes at most this, in the median."""


@torch.library.custom_op("bench::twist", mutates_args=())
def twist(x: torch.Tensor) -> torch.Tensor:
    """The operator without an ONNX function."""
    return x * 2 + 1


@twist.register_fake
def _(x: torch.Tensor) -> torch.Tensor:
    return torch.empty_like(x)


REGISTRY = onnxdx.OnnxRegistry()


@REGISTRY.op("bench::twist")
def onnx_twist(x: Any) -> Any:
    """The function that is missing at first."""
    return op.Add(op.Mul(x, 2.0), 1.0)


class Language(torch.nn.Module):
    """A Llama-shaped model with the operator behind its last layer, or in every one."""

    def __init__(self, layers: int, *, everywhere: bool) -> None:
        super().__init__()
        config = hf.LlamaConfig(
            vocab_size=200, hidden_size=64, intermediate_size=128, num_hidden_layers=layers,
            num_attention_heads=4, num_key_value_heads=2, use_cache=False,
        )  # fmt: skip
        self.model = hf.LlamaForCausalLM(config)
        if everywhere:
            for layer in self.model.model.layers:
                layer.mlp.act_fn = Twisted()
        self.everywhere = everywhere

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.model(input_ids=input_ids, attention_mask=attention_mask).logits
        return logits if self.everywhere else torch.ops.bench.twist(logits)


class Twisted(torch.nn.Module):
    """An activation that has no ONNX function."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.tanh(torch.ops.bench.twist(x))


class Chain(torch.nn.Module):
    """About 1,000 operators in one module, none of which repeats another: every third has a width of its own."""

    def __init__(self) -> None:
        super().__init__()
        widths = [8 + step % 57 for step in range(334)]
        self.weights = torch.nn.ParameterList(
            torch.randn(one, other) / one for one, other in itertools.pairwise(widths)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for weight in self.weights:
            x = torch.tanh(x @ weight) + 0.5
        return torch.ops.bench.twist(x)


def _text(model: torch.nn.Module) -> ExportRequest:
    ids, mask = torch.randint(0, 200, (2, 8)), torch.ones(2, 8, dtype=torch.int64)
    dims = {0: "batch", 1: torch.export.Dim("sequence", min=2, max=64)}
    return ExportRequest(model.eval(), (ids, mask), {}, (dims, dims), ExportOptions(), "bench")


MODELS: dict[str, Callable[[], ExportRequest]] = {
    "llama-32": lambda: _text(Language(32, everywhere=False)),
    "llama-32-everywhere": lambda: _text(Language(32, everywhere=True)),
    "llama-15": lambda: _text(Language(15, everywhere=False)),
    "chain-1000": lambda: ExportRequest(Chain().eval(), (torch.rand(2, 8),), {}, {"x": {0: "batch"}}, target="bench"),
}


@dataclass
class Clock:
    """Wall and CPU seconds since it was made; CPU is that of all threads, which waiting for a core does not count."""

    def __post_init__(self) -> None:
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def read(self) -> tuple[float, float]:
        return time.perf_counter() - self.wall, time.process_time() - self.cpu


def measured(name: str) -> dict[str, Any]:
    """One round of one model."""
    torch.manual_seed(0)
    request = MODELS[name]()
    with torch.no_grad():
        request.model(*request.args)
    session = Session(request)
    gc.collect()
    clock = Clock()
    report = session.run()
    found: dict[str, Any] = {"first": clock.read(), "nodes": report.passes[0].facts["nodes"]}
    for what, registry in (("rerun", REGISTRY), ("undone", onnxdx.OnnxRegistry()), ("again", REGISTRY)):
        clock = Clock()
        comparison = session.rerun(registry=registry)
        found[what] = clock.read()
        changed = comparison.introduced if what == "undone" else comparison.resolved
        assert len(changed) == 1, comparison
        assert session.report is not None
        assert (session.report.verdict.outcome is VerdictOutcome.PROVEN) == (what != "undone")
        found["passes"] = {record.name: record.seconds for record in session.report.passes}
    return found


def reruns(pattern: str, runs: int) -> bool:
    """Print the table; whether every bar is held."""
    held = True
    print("| model | nodes | first s | rerun s | share | undone s | again s | share | rerun spread |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for name in fnmatch.filter(MODELS, pattern):
        rounds = [forked(lambda name=name: measured(name)) for _ in range(runs)]  # type: ignore[misc]
        errors = [found["error"] for found in rounds if "error" in found]
        if errors:
            print(f"| {name} | {errors[0]} |")
            held = False
            continue
        for kind, which in (("wall", 0), ("CPU", 1)):
            first, rerun, undone, again = (
                [found[what][which] for found in rounds] for what in ("first", "rerun", "undone", "again")
            )
            share = statistics.median(b / a for a, b in zip(first, rerun, strict=True))
            share_again = statistics.median(b / a for a, b in zip(first, again, strict=True))
            middle = [statistics.median(each) for each in (first, rerun, undone, again)]
            spread = (max(rerun) - min(rerun)) / middle[1]
            print(
                f"| {name}, {kind} | {rounds[0]['nodes']} | {middle[0]:.2f} | {middle[1]:.2f} | {share:.1%} "
                f"| {middle[2]:.2f} | {middle[3]:.2f} | {share_again:.1%} | {spread:.0%} |"
            )
            if kind == "wall":
                held &= share <= SHARE_BAR if name.startswith("llama-32") else middle[1] <= SECONDS_BAR
        passes = {key: statistics.median(found["passes"][key] for found in rounds) for key in rounds[0]["passes"]}
        print(f"|   passes of `again` | {'  '.join(f'{key} {value:.2f}' for key, value in passes.items())} |")
    return held


@torch.library.custom_op("bench::smooth", mutates_args=())
def smooth(x: torch.Tensor, weight: float) -> torch.Tensor:
    """An operator with a Python body."""
    return torch.where(x > 0, x * weight, torch.expm1(x)) / (1 + x.abs())


@smooth.register_fake
def _(x: torch.Tensor, weight: float) -> torch.Tensor:
    return torch.empty_like(x)


OPERATORS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "bench::twist": lambda x: torch.ops.bench.twist(x),
    "bench::smooth": lambda x: torch.ops.bench.smooth(x, 0.5),
    "special_i1": torch.special.i1,
    "special_i1e": torch.special.i1e,
    "special_erfcx": torch.special.erfcx,
    "special_bessel_j0": torch.special.bessel_j0,
    "special_ndtri": torch.special.ndtri,
    "nanmedian.dim": lambda x: torch.nanmedian(x, dim=-1).values,
    "kthvalue": lambda x: torch.kthvalue(x, 2, dim=-1).values,
    "mode": lambda x: torch.mode(x, dim=-1).values,
    "renorm": lambda x: torch.renorm(x, 2, 0, 1.0),
    "cumulative_trapezoid": lambda x: torch.cumulative_trapezoid(x, dim=-1),
    "histc": lambda x: torch.histc(x, 4, 0.0, 1.0),
    "vander": lambda x: torch.linalg.vander(x),
}


class Applied(torch.nn.Module):
    """A function as a model."""

    def __init__(self, function: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x)


def fixed(name: str) -> dict[str, Any]:
    """How long the fixes for the operator of one model take, the first time in a process."""
    request = ExportRequest(
        Applied(OPERATORS[name]).eval(), (torch.rand(3, 5),), options=ExportOptions(), target="bench"
    )
    session = Session(request)
    report = session.run()
    if not report.findings:
        return {"error": "has an ONNX function"}
    with tempfile.TemporaryDirectory() as folder:
        evidence = Evidence(request, report, session.program, Path(folder) / "onnxdx_registry.py")
        clock = Clock()
        fixes = fixes_for(report.findings[0], evidence)
        wall, cpu = clock.read()
    return {"wall": wall, "cpu": cpu, "proven": any(fix.applicability is Applicability.PROVEN for fix in fixes)}


def fixes(pattern: str, runs: int) -> bool:
    """Print the table; whether the median is under the bar."""
    seconds: list[tuple[float, float]] = []
    for name in fnmatch.filter(OPERATORS, pattern):
        rounds = [forked(lambda name=name: fixed(name)) for _ in range(runs)]  # type: ignore[misc]
        if any("error" in found for found in rounds):
            print(f"{name}: {rounds[0].get('error')}")
            continue
        wall, cpu = (statistics.median(found[kind] for found in rounds) for kind in ("wall", "cpu"))
        print(f"{name}: {wall:.2f} s, {cpu:.2f} s of CPU, {'proven' if rounds[0]['proven'] else 'not proven'}")
        if rounds[0]["proven"]:
            seconds.append((wall, cpu))
    if not seconds:
        return False
    wall, cpu = (statistics.median(each) for each in zip(*seconds, strict=True))
    print(f"median of {len(seconds)} that are proven: {wall:.2f} s, {cpu:.2f} s of CPU (bar {FIX_BAR} s)")
    return wall <= FIX_BAR


def main() -> int:
    """Measure and print; the exit code is 1 when a bar is not held."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="rounds of each model")
    parser.add_argument("--only", default="*", metavar="PATTERN", help="models or operators, a glob")
    parser.add_argument("--fixes", action="store_true", help="measure fixes for one operator")
    asked = parser.parse_args()
    # by one thread: a fork of a process that has computed with several cannot do so itself
    unverified = ExportOptions(verify=False)
    torch.set_num_threads(1)
    Session(replace(_text(Language(1, everywhere=False)), options=unverified)).run()
    torch.set_num_threads(os.cpu_count() or 1)
    gc.collect()
    gc.freeze()
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    print(f"{os.cpu_count()} cores, load {load}, Python {platform.python_version()}, torch {torch.__version__}")
    return 0 if (fixes if asked.fixes else reruns)(asked.only, asked.runs) else 1


if __name__ == "__main__":
    sys.exit(main())
