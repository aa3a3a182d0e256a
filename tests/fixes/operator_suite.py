"""Operators without an ONNX function: what is offered for each, applied, exported again, and held against eager anew.

python tests/fixes/operator_suite.py [--only PATTERN] [--write FILE] [--select]

The operators are those of torch's operator database (OpInfo) whose float32 samples lead to a finding that there is no
ONNX function (DX301, DX302, DX303, DX203); `--select` goes through all of the database for them, none is left out by
hand. Of each the first sample counts whose tensors all have elements and that has such a finding. The custom operators
with a Python body of `custom_bodies` follow. Prints a line for each operator, then what share of those that ONNX can
express is proven; `--write` makes a page of it. Exits 1 when a fix is called proven that is wrong.
"""

from __future__ import annotations

import argparse
import fnmatch
import itertools
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.utils import _pytree as pytree

from onnxdx.request import ExportRequest
from onnxdx.session import Session
from onnxdx.user_functions import registry_file
from onnxdx.verification.comparison import compare
from onnxdx_diagnostics.edits import edited
from onnxdx_diagnostics.fix import Applicability
from onnxdx_diagnostics.report import VerdictOutcome

MISSING = {"DX301", "DX302", "DX303", "DX203"}
CHOSEN = Path(__file__).parent / "operators_without_function.txt"
SAMPLES = 40
"""So many samples of an operator are looked at for one that has a finding."""


@dataclass(frozen=True)
class Outcome:
    """What became of an operator: "proven", "inexpressible", "open" or "wrong", with a word on it.

    `seconds` of processor time are what finding and proving the last fix took.
    """

    name: str
    operator: str
    kind: str
    said: str
    seconds: float = 0.0


class Call(torch.nn.Module):
    """One call of an operator: its tensors are the inputs, everything else is fixed."""

    def __init__(self, operator: Callable[..., Any], leaves: list[Any], spec: Any) -> None:
        super().__init__()
        self.operator, self.leaves, self.spec = operator, leaves, spec

    def forward(self, *tensors: torch.Tensor) -> Any:
        given = iter(tensors)
        leaves = [next(given) if isinstance(leaf, torch.Tensor) else leaf for leaf in self.leaves]
        args, kwargs = pytree.tree_unflatten(leaves, self.spec)
        results = pytree.tree_leaves(self.operator(*args, **kwargs))
        return [torch.view_as_real(r.resolve_conj()) if r.is_complex() else r for r in results if torch.is_tensor(r)]


@dataclass(frozen=True)
class Case:
    """An operator with two independent draws of the inputs of one call."""

    name: str
    call: Call
    tensors: tuple[torch.Tensor, ...]
    others: tuple[torch.Tensor, ...]


def outcome(case: Case) -> Outcome:
    """Export, take the first fix of each finding, apply it, export again, and compare on the other draw."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "onnxdx_registry.py"
        session = Session(ExportRequest(case.call, case.tensors), registry_file=path)
        report = session.run()
        operator, started = "", time.process_time()
        while missing := [finding for finding in report.findings if finding.id in MISSING]:
            operator = operator or missing[0].site.op
            before = time.process_time()
            fix = session.fixes(missing[0]).ways()[0]
            seconds = time.process_time() - before
            if fix.applicability is not Applicability.PROVEN:
                kind = "inexpressible" if "ONNX cannot express it" in fix.title else "open"
                return Outcome(case.name, operator, kind, _why(fix.title, fix.text), seconds)
            text = path.read_text(encoding="utf-8") if path.exists() else ""
            path.write_text(edited(fix.edits, {str(path): text})[str(path)], encoding="utf-8")
            comparison = session.rerun(registry=registry_file.reload(path, folder))
            if comparison.introduced or missing[0] in comparison.remaining:
                return Outcome(case.name, operator, "wrong", f"introduces {comparison.introduced}", seconds)
            assert session.report is not None
            report = session.report
        if session.program is None or not report.exported:
            said = "; ".join(finding.message() for finding in report.findings)
            return Outcome(case.name, operator, "open", f"beside it: {said}", seconds)
        wrong = _wrong(session, case)
        if wrong:
            return Outcome(case.name, operator, "wrong", wrong, time.process_time() - started)
        return Outcome(case.name, operator, "proven", fix.proof, seconds)


def _wrong(session: Session, case: Case) -> str:
    """What is not right with the fixed model; empty when it agrees with eager on both draws."""
    assert session.report is not None
    assert session.program is not None
    if session.report.verdict.outcome is VerdictOutcome.DIFFERS:
        return session.report.verdict.reason
    for tensors in (case.tensors, case.others):
        wanted = session.program.adapt_torch_outputs_to_onnx(case.call(*tensors))
        for one, other in zip(session.program(*tensors), wanted, strict=True):
            comparison = compare(one, other)
            if not comparison.agrees:
                return comparison.contract or comparison.numbers
    return ""


def _why(title: str, text: str) -> str:
    because = title.partition("because ")[2]
    if because or "What was tried" not in text:
        return because or "nothing was found to try"
    return text.strip().splitlines()[-1].removeprefix("- ")


def chosen() -> list[str]:
    """The names of the operators, as OpInfo has them."""
    return CHOSEN.read_text(encoding="utf-8").split()


def cases_of_torch(names: list[str]) -> Iterator[Case]:
    """The operators of torch by these names."""
    for name, info in _database():
        if name in names and (case := _case(name, info)) is not None:
            yield case


def cases_of_users() -> Iterator[Case]:
    """The custom operators with a Python body."""
    from custom_bodies import INPUTS

    for name, (operator, make) in INPUTS.items():
        torch.manual_seed(0)
        leaves, spec = pytree.tree_flatten((make(), {}))
        others = pytree.tree_leaves(make())
        yield Case(f"bodies::{name}", Call(operator, leaves, spec), _tensors(leaves), _tensors(others))


def _database() -> Iterator[tuple[str, Any]]:
    from torch.testing._internal.common_methods_invocations import op_db

    for info in op_db:
        variant = f".{info.variant_test_name}" if info.variant_test_name else ""
        if torch.float32 in info.supported_dtypes("cpu"):
            yield f"{info.name}{variant}", info


def _case(name: str, info: Any) -> Case | None:
    """The first sample that has a finding, and the same sample as another seed draws it."""
    for sample, other in itertools.islice(zip(_samples(info, 0), _samples(info, 1), strict=False), SAMPLES):
        leaves, spec = sample
        tensors, others = _tensors(leaves), _tensors(other[0])
        alike = [each.shape for each in tensors] == [each.shape for each in others]
        if not tensors or not alike or any(each.layout is not torch.strided or not each.numel() for each in tensors):
            continue
        call = Call(info.op, leaves, spec)
        if any(finding.id in MISSING for finding in Session(ExportRequest(call, tensors)).run().findings):
            return Case(name, call, tensors, others)
    return None


def _samples(info: Any, seed: int) -> Iterator[tuple[list[Any], Any]]:
    torch.manual_seed(seed)
    for sample in itertools.islice(info.sample_inputs("cpu", torch.float32), 200):
        yield pytree.tree_flatten(((sample.input, *sample.args), dict(sample.kwargs)))


def _tensors(leaves: list[Any]) -> tuple[torch.Tensor, ...]:
    return tuple(leaf.detach().clone() for leaf in leaves if isinstance(leaf, torch.Tensor))


def _select() -> None:
    names = sorted(name for name, info in _database() if _case(name, info) is not None)
    CHOSEN.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")


def page(outcomes: list[Outcome]) -> str:
    """The outcomes as a page of Markdown."""
    rows = [f"| `{each.name}` | `{each.operator}` | {each.kind} | {_cell(each.said)} |" for each in outcomes]
    return "\n".join(
        [
            "# Operators without an ONNX function, and what is offered for them",
            "",
            "Made by `make fix-suite`: the operators of torch's operator database that have no ONNX function in",
            "float32, and custom operators with a Python body. What is called proven was put into a registry file,",
            "exported again, and held against eager on a further draw of inputs.",
            "",
            *summary(outcomes),
            "",
            "| operator | what has no function | outcome | |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def summary(outcomes: list[Outcome]) -> list[str]:
    """The figures, one sentence a line."""
    kinds = {
        kind: [each for each in outcomes if each.kind == kind] for kind in ("proven", "inexpressible", "open", "wrong")
    }
    able = len(outcomes) - len(kinds["inexpressible"])
    median = statistics.median(each.seconds for each in outcomes) if outcomes else 0.0
    counted = ", ".join(f"{len(found)} {kind}" for kind, found in kinds.items())
    share = 100 * len(kinds["proven"]) / max(able, 1)
    return [
        f"{len(outcomes)} operators: {counted}.",
        f"Proven: {share:.0f} % of the {able} that ONNX can express.",
        f"Finding and proving a fix takes {median:.1f} s of processor time (median).",
    ]


def main() -> int:
    """Go through the operators; the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", default="*", metavar="PATTERN", help="operators by name, as a glob")
    parser.add_argument("--write", metavar="FILE", type=Path, help="write the table to a page of Markdown")
    parser.add_argument("--select", action="store_true", help="choose the operators anew")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    sys.path.insert(0, str(Path(__file__).parent))
    if asked.select:
        _select()
        return 0
    names = [name for name in chosen() if fnmatch.fnmatch(name, asked.only)]
    users = (case for case in cases_of_users() if fnmatch.fnmatch(case.name, asked.only))
    outcomes = []
    for case in itertools.chain(cases_of_torch(names), users):
        outcomes.append(outcome(case))
        done = outcomes[-1]
        print(f"{done.name:44} {done.seconds:5.1f} s  {done.kind:14} {done.said[:120]}", flush=True)
    print("\n".join(["", *summary(outcomes)]))
    if asked.write:
        asked.write.write_text(page(outcomes), encoding="utf-8")
    return 1 if any(each.kind == "wrong" for each in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
