"""Export torch's own operator samples and print how each operator fares: proven, the findings, or what differs.

python tests/ops/sweep.py [--only PATTERN] [--dtype float32] [--samples 4] [--dynamic] [--all]

The samples are those of torch's operator database (OpInfo). One line for each operator that is not clean (`--all`: for
each operator), then a summary. Exits 1 when something differs without a finding, or when a pass breaks.
"""

from __future__ import annotations

import argparse
import fnmatch
import itertools
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch.testing._internal.common_methods_invocations import op_db
from torch.utils import _pytree as pytree

from onnxdx import pipeline
from onnxdx.request import ExportRequest
from onnxdx_diagnostics.report import VerdictOutcome

UNDEFINED = ("empty", "empty_like", "empty_permuted", "empty_strided", "new_empty", "new_empty_strided")
"""Operators whose results are whatever is in memory."""

LAYOUT = "{:42} {:>7} {:34} {}"


@dataclass(frozen=True)
class Outcome:
    """How one sample fared. `findings` are ids; an empty `verdict` says that torch has no such sample."""

    verdict: str
    findings: tuple[str, ...] = ()
    said: str = ""

    @property
    def clean(self) -> bool:
        """Whether the sample is proven, or cannot be compared for reasons of its own, without a finding."""
        return not self.findings and self.verdict != VerdictOutcome.DIFFERS.value


class Call(torch.nn.Module):
    """One call of an operator: its tensors are the inputs, everything else is fixed."""

    def __init__(self, operator: Any, leaves: list[Any], spec: Any) -> None:
        super().__init__()
        self.operator, self.leaves, self.spec = operator, leaves, spec

    def forward(self, *tensors: torch.Tensor) -> Any:
        given = iter(tensors)
        leaves = [next(given) if isinstance(leaf, torch.Tensor) else leaf for leaf in self.leaves]
        args, kwargs = pytree.tree_unflatten(leaves, self.spec)
        results = pytree.tree_leaves(self.operator(*args, **kwargs))
        return [torch.view_as_real(r.resolve_conj()) if r.is_complex() else r for r in results if torch.is_tensor(r)]


def main() -> int:
    """Sweep; the exit code."""
    asked = _arguments()
    warnings.simplefilter("ignore")
    verdicts: Counter[str] = Counter()
    wrong = 0
    print(LAYOUT.format("operator", "samples", "outcome", "the first that is not clean"))
    for name, operator in _operators(asked.only, getattr(torch, asked.dtype)):
        outcomes = list(_outcomes(operator, asked))
        if not outcomes:
            continue
        bad = next((outcome for outcome in outcomes if not outcome.clean), None)
        summary = "proven" if bad is None else f"{bad.verdict} {' '.join(sorted(set(bad.findings)))}".strip()
        verdicts["proven" if bad is None else bad.findings[0] if bad.findings else bad.verdict] += 1
        wrong += bad is not None and (not bad.findings or any(each.startswith("DX9") for each in bad.findings))
        if bad is not None or asked.all:
            print(LAYOUT.format(name, len(outcomes), summary, bad.said if bad else "").rstrip(), flush=True)
    total = sum(verdicts.values())
    counted = ", ".join(f"{count} {what}" for what, count in verdicts.most_common())
    print(f"\n{total} operators: {counted}")
    return 1 if wrong else 0


def _operators(pattern: str, dtype: torch.dtype) -> Iterator[tuple[str, Any]]:
    for operator in op_db:
        variant = f".{operator.variant_test_name}" if operator.variant_test_name else ""
        name = f"{operator.name}{variant}"
        if operator.name in UNDEFINED or not fnmatch.fnmatch(name, pattern):
            continue
        if dtype in operator.supported_dtypes("cpu"):
            yield name, operator


def _outcomes(operator: Any, asked: argparse.Namespace) -> Iterator[Outcome]:
    torch.manual_seed(0)
    try:
        samples = list(itertools.islice(operator.sample_inputs("cpu", getattr(torch, asked.dtype)), 200))
    except RuntimeError:  # torch's own generator of samples
        return
    step = max(1, len(samples) // asked.samples)
    for sample in samples[::step][: asked.samples]:
        leaves, spec = pytree.tree_flatten(((sample.input, *sample.args), dict(sample.kwargs)))
        tensors = tuple(leaf.detach().clone() for leaf in leaves if isinstance(leaf, torch.Tensor))
        if tensors and all(tensor.layout is torch.strided for tensor in tensors):
            yield _outcome(Call(operator.op, leaves, spec), tensors, asked.dynamic)


def _outcome(call: Call, tensors: tuple[torch.Tensor, ...], dynamic: bool) -> Outcome:
    dims = tuple(
        {axis: torch.export.Dim.AUTO for axis, size in enumerate(tensor.shape) if size > 1} for tensor in tensors
    )
    _, report = pipeline.run(ExportRequest(call, tensors, dynamic_shapes=(dims,) if dynamic else None))
    findings = tuple(finding.id for finding in report.findings)
    said = report.findings[0].message() if report.findings else report.verdict.reason
    return Outcome(report.verdict.outcome.value, findings, said.partition("\n")[0][:160])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", default="*", metavar="PATTERN", help="operators by name, as a glob")
    parser.add_argument("--dtype", default="float32", help="the dtype of the samples")
    parser.add_argument("--samples", type=int, default=4, metavar="N", help="at most so many for each operator")
    parser.add_argument("--dynamic", action="store_true", help="leave every dim open")
    parser.add_argument("--all", action="store_true", help="print the clean operators too")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
