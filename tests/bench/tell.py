"""What the measurements say: a line for each model, a summary, and the page docs/benchmarks.md."""

from __future__ import annotations

import importlib.metadata
import math
import os
import platform
import statistics
from collections.abc import Mapping, Sequence

from picture import drawn
from series import Model, Series

PACKAGES = ("torch", "transformers", "onnx", "onnxscript", "onnx-ir", "onnxruntime")
COLUMNS = (
    "model",
    "peer CPU s",
    "our CPU s",
    "verified",
    "ratio",
    "capture s",
    "after s",
    "peer MiB",
    "our MiB",
    "peer nodes",
    "our nodes",
    "latency",
)
DEPTH_COLUMNS = (
    "layers", "peer CPU s", "our CPU s", "ratio", "spread", "capture s", "after s", "after / capture", "peer MiB",
    "our MiB", "peer nodes", "our nodes", "latency",
)  # fmt: skip
LAYOUT = "{:30}" + "{:>11}" * (len(COLUMNS) - 1)
HEADING = LAYOUT.format(*COLUMNS)
METHOD = """\
Each figure is the median of the runs. Each run is a process of its own, forked from one that has imported everything
that either exporter imports; in it the model is built and called once, and only then the clocks start. The exporters
take turns.

- CPU seconds count all threads. The peer runs with its defaults: optimised, not verified. "our CPU s" is the same of
  onnxdx (`verify=False`), "verified" is its complete export, "ratio" is our CPU seconds over the peer's.
- "capture s" and "after s" are CPU seconds of our passes, `verify=False`.
- MiB is the growth of peak resident memory during the export; nodes are those of the optimised graph.
- "latency" is the CPU time of the fastest run of our model in ONNX Runtime (one thread, its defaults) over that of the
  peer's model."""


def cells(model: Model) -> list[str]:
    """The row of one model; a side that failed shows a dash."""
    return [
        model.name,
        _median(model.peer, "cpu", ".2f"),
        _median(model.ours, "cpu", ".2f"),
        _median(model.verified, "cpu", ".2f"),
        f"{model.ratio('cpu'):.2f}" if model.comparable else "-",
        f"{model.capture:.2f}" if model.ours.runs else "-",
        f"{model.after:.2f}" if model.ours.runs else "-",
        _median(model.peer, "memory", ".0f"),
        _median(model.ours, "memory", ".0f"),
        _median(model.peer, "nodes", ".0f"),
        _median(model.ours, "nodes", ".0f"),
        _latency(model),
    ]


def line(model: Model) -> str:
    """The row as the terminal shows it, with the errors of the sides that failed."""
    return "  ".join([LAYOUT.format(*cells(model)), *model.errors])


def summary(models: Sequence[Model]) -> list[str]:
    """The sentences the bars of the project are about."""
    both = [model for model in models if model.comparable]
    mine = [model for model in models if model.ours.runs]
    counted = f"{len(both)} of {len(models)} models exported by both, {len(mine)} by onnxdx."
    if not both:
        return [counted]
    ratios = sorted(model.ratio("cpu") for model in both)
    parts = [model.after / model.capture for model in mine]
    lean = sum(model.ours.median("memory") <= model.peer.median("memory") for model in both)
    return [
        counted,
        f"CPU seconds against the peer: {statistics.geometric_mean(ratios):.2f}x "
        f"(geometric mean; {ratios[0]:.2f}x to {ratios[-1]:.2f}x, median {statistics.median(ratios):.2f}x).",
        f"Wall seconds against the peer: {statistics.geometric_mean(model.ratio('wall') for model in both):.2f}x.",
        f"Everything after capture costs less than capture on {sum(part < 1 for part in parts)} of {len(mine)} models "
        f"(median {statistics.median(parts):.2f} of it).",
        f"Peak memory is not above the peer's on {lean} of {len(both)} models.",
        f"Nodes against the peer's: {statistics.median(model.ratio('nodes') for model in both):.2f}x (median).",
        *_latencies(both),
        *_verification(both),
        *_noise(both),
    ]


def per_pass(models: Sequence[Model]) -> list[str]:
    """Where the time of a complete export goes, summed over the models."""
    total: dict[str, float] = {}
    for model in models:
        for name, seconds in model.verified.passes().items() if model.verified.runs else ():
            total[name] = total.get(name, 0.0) + seconds
    whole = sum(total.values())
    return [f"{name:12} {seconds:8.2f} s {seconds / whole:6.1%}" for name, seconds in total.items()]


def depth_row(layers: int, model: Model) -> list[str]:
    """The row of one depth of the series."""
    spreads = [series.spread() for series in (model.peer, model.ours) if len(series.runs) > 1]
    return [
        str(layers),
        _median(model.peer, "cpu", ".2f"),
        _median(model.ours, "cpu", ".2f"),
        f"{model.ratio('cpu'):.2f}" if model.comparable else "-",
        f"{max(spreads):.0%}" if spreads else "-",
        f"{model.capture:.2f}" if model.ours.runs else "-",
        f"{model.after:.2f}" if model.ours.runs else "-",
        f"{model.after / model.capture:.2f}" if model.ours.runs else "-",
        _median(model.peer, "memory", ".0f"),
        _median(model.ours, "memory", ".0f"),
        _median(model.peer, "nodes", ".0f"),
        _median(model.ours, "nodes", ".0f"),
        _latency(model),
    ]


def depth_summary(depths: Mapping[int, Model]) -> list[str]:
    """What grows, and how fast, between the deepest two models of the series."""
    known = [layers for layers, model in sorted(depths.items()) if model.ours.runs]
    if len(known) < 2:
        return []
    low, high = known[-2:]
    small, large = depths[low], depths[high]
    lines = [
        f"From {low} to {high} layers, {high / low:.1f} times as many, "
        f"capture grows {large.capture / small.capture:.1f} times and everything after it "
        f"{large.after / small.after:.1f} times."
    ]
    if small.comparable and large.comparable:
        lines.append(f"The peer's CPU seconds grow {large.peer.median('cpu') / small.peer.median('cpu'):.1f} times.")
    return lines


def pictures(depths: Mapping[int, Model]) -> dict[str, str]:
    """The pictures of the series, by file name."""
    series: dict[str, list[tuple[float, float]]] = {"peer": [], "onnxdx": [], "onnxdx, after capture": []}
    memory: dict[str, list[tuple[float, float]]] = {"peer": [], "onnxdx": []}
    for layers, model in sorted(depths.items()):
        for name, side in (("peer", model.peer), ("onnxdx", model.ours)):
            if side.runs:
                series[name].append((layers, side.median("cpu")))
                memory[name].append((layers, side.median("memory")))
        if model.ours.runs:
            series["onnxdx, after capture"].append((layers, model.after))
    return {
        "depth-time.svg": drawn("Time of an export against depth", series, "layers", "CPU seconds"),
        "depth-memory.svg": drawn("Memory of an export against depth", memory, "layers", "MiB"),
    }


def start_up(starts: Mapping[str, float | None]) -> list[str]:
    """How long an answer takes that needs no export. None is a command that failed."""
    return [f"{title}: {'fails' if ms is None else f'{ms:.0f} ms'}" for title, ms in starts.items()]


def page(
    models: Sequence[Model], depths: Mapping[int, Model], starts: Mapping[str, float | None], command: str, folder: str
) -> str:
    """docs/benchmarks.md: the command, the machine, the summary, the depth series with its pictures in `folder`, and
    the whole table.
    """
    machine = f"{os.cpu_count()} cores ({platform.machine()}, {platform.system()}), Python {platform.python_version()}"
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    failed = [f"- `{model.name}`, {error}" for model in (*models, *depths.values()) for error in model.errors]
    return "\n".join(
        [
            "# Benchmarks",
            "",
            "Time, memory and graph size of an export: onnxdx against `torch.onnx.export(dynamo=True)`. Made by",
            "",
            f"    {command}",
            "",
            f"on {machine}, {versions}.",
            "",
            METHOD,
            "",
            "## Summary",
            "",
            *[f"- {sentence}" for sentence in [*summary(models), *start_up(starts)]],
            "",
            "## Where our time goes",
            "",
            *[f"    {sentence}" for sentence in per_pass(models)],
            "",
            *_depth_section(depths, folder),
            "## Models",
            "",
            f"| {' | '.join(COLUMNS)} |",
            f"|---|{'---:|' * (len(COLUMNS) - 1)}",
            *[f"| {' | '.join(cells(model))} |" for model in models],
            "",
            *(["## Not exported", "", *failed, ""] if failed else []),
        ]
    )


def _depth_section(depths: Mapping[int, Model], folder: str) -> list[str]:
    if not depths:
        return []
    return [
        "## Depth",
        "",
        "A Llama-shaped model of so many layers (hidden 64, 4 heads, dynamic batch and sequence).",
        "",
        f"| {' | '.join(DEPTH_COLUMNS)} |",
        f"|{'---:|' * len(DEPTH_COLUMNS)}",
        *[f"| {' | '.join(depth_row(layers, model))} |" for layers, model in sorted(depths.items())],
        "",
        *[f"- {sentence}" for sentence in depth_summary(depths)],
        "",
        f"![CPU seconds against layers]({folder}/depth-time.svg)",
        "",
        f"![MiB against layers]({folder}/depth-memory.svg)",
        "",
    ]


def _latency(model: Model) -> str:
    return f"{model.ratio('latency'):.2f}" if model.comparable and not math.isnan(model.ratio("latency")) else "-"


def _latencies(both: Sequence[Model]) -> list[str]:
    ratios = [model.ratio("latency") for model in both if not math.isnan(model.ratio("latency"))]
    if not ratios:
        return []
    return [
        f"Latency in ONNX Runtime against the peer's model: {statistics.geometric_mean(ratios):.2f}x "
        f"(geometric mean of {len(ratios)} models; {min(ratios):.2f}x to {max(ratios):.2f}x)."
    ]


def _median(series: Series, what: str, form: str) -> str:
    return format(series.median(what), form) if series.runs else "-"


def _verification(both: Sequence[Model]) -> list[str]:
    complete = [model.verified.median("cpu") / model.peer.median("cpu") for model in both if model.verified.runs]
    if not complete:
        return []
    return [f"With verification, which the peer does not do: {statistics.geometric_mean(complete):.2f}x."]


def _noise(both: Sequence[Model]) -> list[str]:
    spreads = [series.spread() for model in both for series in (model.peer, model.ours) if len(series.runs) > 1]
    if not spreads:
        return []
    low, middle, high = min(spreads), statistics.median(spreads), max(spreads)
    return [
        "Noise, (slowest - fastest) / median of the CPU seconds of repeated runs: "
        f"{low:.0%} at least, {middle:.0%} in the median, {high:.0%} at most."
    ]
