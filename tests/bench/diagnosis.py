"""What it costs to tell what is wrong: the capture of a failing model against the capture of the same model unharmed.

    python tests/bench/diagnosis.py [--only PATTERN] [--runs N] [--write docs/diagnosis-cost.md]

A model of the zoo is harmed by a hook on one of its modules, early, in the middle or late. Both sides and torch's own
`torch.export.export` take turns, each measurement in a fork of a process that has imported everything. Runs where
processes can fork.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import shlex
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from measure import write

sys.path.insert(0, str(Path(__file__).parents[1] / "models"))

import zoo

from onnxdx import pipeline
from onnxdx.request import ExportOptions, ExportRequest
from onnxdx_diagnostics.report import Report

MODELS = "llama,bert,vit,u-net,swin,lstm,whisper,resnet"
BAR = 3.0
Harm = Callable[[torch.Tensor], torch.Tensor]


def branch(x: torch.Tensor) -> torch.Tensor:
    """Decide by the values of a tensor."""
    if x.float().sum() > -1e30:
        return x.clone()
    return x * 2


def number(x: torch.Tensor) -> torch.Tensor:
    """Take a number out of a tensor and use it as a size."""
    return x + torch.zeros(int(x.abs().sum() > 0) + 1, dtype=x.dtype).sum()


def memory(x: torch.Tensor) -> torch.Tensor:
    """Read the memory of a tensor."""
    return x + len(x.detach().numpy().tobytes())


def equality(x: torch.Tensor) -> torch.Tensor:
    """Compare two tensors in Python."""
    return x if torch.equal(x, x * 1) else x + 1


HARMS: dict[str, Harm] = {"branch": branch, "number": number, "memory": memory, "equality": equality}
PLACES = {"early": 0.1, "middle": 0.5, "late": 0.95}


def main() -> int:
    """Measure, print, and write the page when asked to; the exit code is 1 when a figure is above the bar."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--only", default=MODELS, metavar="PATTERN", help="models of the zoo, globs separated by commas"
    )
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="measurements of each side")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the page there")
    asked = parser.parse_args()
    for kind in ("sound", "number/late"):  # what is imported on the way does not count
        _measured("mlp", kind)
    gc.freeze()
    told = [_compared(entry.name, asked.runs) for entry in zoo.entries(asked.only)]
    lines = _page(told, shlex.join(["python", "tests/bench/diagnosis.py", *sys.argv[1:]]))
    print("\n".join(lines))
    if asked.write:
        asked.write.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0 if all(ratio <= BAR for model in told for ratio in model.ratios().values()) else 1


@dataclass
class Compared:
    """The measurements of one model: seconds of each run by "torch", "sound" or harm and place."""

    name: str
    seconds: dict[str, list[float]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def median(self, what: str) -> float:
        """Median over the runs."""
        return statistics.median(self.seconds[what])

    def ratios(self) -> dict[str, float]:
        """Diagnosis over the sound capture, for each harm and place."""
        return {what: self.median(what) / self.median("sound") for what in self.seconds if "/" in what}


def _compared(name: str, runs: int) -> Compared:
    """All measurements of one model: torch, sound, every harm at every place; then the next round."""
    model = Compared(name)
    kinds = ["torch", "sound", *(f"{harm}/{place}" for harm in HARMS for place in PLACES)]
    for _ in range(runs):
        for kind in kinds:
            found = _forked(lambda kind=kind: _measured(name, kind))  # type: ignore[misc]
            if "error" in found:
                model.errors[kind] = found["error"]
            else:
                model.seconds.setdefault(kind, []).append(found["seconds"])
    print(f"{name}: " + "  ".join(f"{what} {ratio:.1f}" for what, ratio in model.ratios().items()), file=sys.stderr)
    return model


def _forked(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "found.json"
        child = os.fork()
        if child == 0:
            write(str(file), work)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not file.exists():
            return {"error": f"the process ends with {os.waitstatus_to_exitcode(status)}"}
        found: dict[str, Any] = json.loads(file.read_text())
        return found


def _measured(name: str, kind: str) -> dict[str, Any]:
    """CPU seconds of the capture alone, by one thread: those that wait for work would count as well."""
    torch.set_num_threads(1)
    sample = zoo.named(name).build()
    with torch.no_grad():
        sample.model.eval()(*sample.args, **sample.kwargs)
    if kind == "torch":
        began = time.process_time()
        with torch.no_grad():
            torch.export.export(
                sample.model, sample.args, dict(sample.kwargs), dynamic_shapes=_hints(sample.dynamic_shapes)
            )
        return {"seconds": time.process_time() - began}
    if kind != "sound":
        harm, _, place = kind.partition("/")
        _harmed(sample, HARMS[harm], PLACES[place])
    spent: dict[str, float] = {}
    report = _captured(_request(sample), spent)
    failed = any(finding.id.startswith("DX1") for finding in report.findings)
    if failed != (kind != "sound"):
        raise AssertionError(f"{kind}: {[finding.id for finding in report.findings]}")
    return {"seconds": spent["capture"]}


def _captured(request: ExportRequest, spent: dict[str, float]) -> Report:
    """The report of an export; `spent` gets the CPU seconds of its passes."""
    began: dict[str, float] = {}

    def listen(event: Any) -> None:
        if event.kind.value == "pass-started":
            began[event.subject] = time.process_time()
        elif event.kind.value == "pass-ended":
            spent[event.subject] = time.process_time() - began[event.subject]

    return pipeline.run(request, listen)[1]


def _harmed(sample: zoo.Sample, harm: Harm, place: float) -> None:
    """Hook `harm` behind the module that is called after `place` of all calls and returns one tensor of numbers."""
    called: list[torch.nn.Module] = []

    def note(module: torch.nn.Module, args: object, output: object) -> None:
        if isinstance(output, torch.Tensor) and output.is_floating_point() and module not in called:
            called.append(module)

    hooks = [module.register_forward_hook(note) for module in sample.model.modules()]
    with torch.no_grad():
        sample.model(*sample.args, **sample.kwargs)
    for hook in hooks:
        hook.remove()
    chosen = called[min(int(place * len(called)), len(called) - 1)]
    chosen.register_forward_hook(lambda module, args, output: harm(output))


def _request(sample: zoo.Sample) -> ExportRequest:
    options = ExportOptions(verify=False)
    return ExportRequest(sample.model, sample.args, dict(sample.kwargs), sample.dynamic_shapes, options, "bench")


def _hints(spec: Any) -> Any:
    """Names of dims as torch.export takes them."""
    if isinstance(spec, dict):
        return {key: _hints(value) for key, value in spec.items()}
    if isinstance(spec, (list, tuple)):
        return type(spec)(_hints(value) for value in spec)
    return torch.export.Dim.DYNAMIC if isinstance(spec, str) else spec


def _page(models: list[Compared], command: str) -> list[str]:
    ratios = [ratio for model in models for ratio in model.ratios().values()]
    own = [model.median("sound") / model.median("torch") for model in models if "torch" in model.seconds]
    spread = statistics.median(
        (max(runs) - min(runs)) / statistics.median(runs) for model in models for runs in model.seconds.values()
    )
    columns = [f"{harm}/{place}" for harm in HARMS for place in PLACES]
    rows = [
        f"| {model.name} | {model.median('torch') if 'torch' in model.seconds else float('nan'):.2f} "
        f"| {model.median('sound'):.2f} | "
        + " | ".join(f"{model.ratios()[what]:.2f}" if what in model.ratios() else "failed" for what in columns)
        + " |"
        for model in models
    ]
    failed = [f"- {model.name}, {kind}: {error}" for model in models for kind, error in model.errors.items()]
    return [
        "# What a diagnosis costs",
        "",
        f"CPU seconds of the capture pass by one thread, `verify=False`, {os.cpu_count()} cores,",
        f"{platform.machine()}, Python {platform.python_version()}, torch {torch.__version__}. Made by",
        "",
        f"    {command}",
        "",
        "Each model of the zoo is captured by `torch.export.export` alone, by our capture pass, and by our capture",
        "pass with one fault in it: a decision by the values of a tensor, a number from a tensor, a look into its",
        "memory, or `torch.equal`, behind the module at 10 %, 50 % or 95 % of all module calls. The figures of the",
        "faults are ratios to our capture of the sound model.",
        "",
        f"- Diagnosis against a successful capture: median {statistics.median(ratios):.2f}x, worst {max(ratios):.2f}x"
        f" over {len(ratios)} cases (bar {BAR:.0f}x).",
        f"- Our successful capture against `torch.export.export` alone: median {statistics.median(own):.2f}x,"
        f" worst {max(own):.2f}x.",
        f"- Noise: the runs of one case spread by {spread:.0%} of their median.",
        "",
        f"| model | torch s | sound s | {' | '.join(columns)} |",
        f"|---|---:|---:|{'---:|' * len(columns)}",
        *rows,
        *(["", "Not measured:", "", *failed] if failed else []),
    ]


if __name__ == "__main__":
    sys.exit(main())
