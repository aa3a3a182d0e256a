"""Run folders of any size, made without an export: what the app is measured and tested with."""

from __future__ import annotations

from pathlib import Path

from onnxdx_diagnostics.finding import Finding, Location, Site
from onnxdx_diagnostics.graphs import Edge, Graphs, Node, ProgramGraph, Stage, Status
from onnxdx_diagnostics.report import Outcome, PassRecord, Report, Verdict, VerdictOutcome
from onnxdx_diagnostics.rules.dx301_no_onnx_function import NoOnnxFunction
from onnxdx_diagnostics.rundir import RunDirectory

_OPS = (("aten.linear.default", "Gemm"), ("aten.relu.default", "Relu"), ("aten.add.Tensor", "Add"))
_EVERY = 97
"""Every so many nodes one has no ONNX function."""


def write_big_run(folder: Path, nodes: int, findings: int = 40) -> Path:
    """A run whose captured program, decomposed program and model have so many nodes each."""
    captured: list[Node] = []
    model: list[Node] = []
    edges: list[Edge] = []
    missing = 0
    for at in range(nodes):
        op, onnx_op = _OPS[at % 3]
        layer = at // 50
        name, status, rules = f"node_{at}", Status.PLACED, ()
        if not at:
            name, op, onnx_op, status = "x", "placeholder", "input", Status.SOURCE
        elif at % _EVERY == 0 and missing < findings:
            op, onnx_op, status, rules = (
                "aten.special_i1.default",
                "aten.special_i1.default",
                Status.PLACEHOLDER,
                ("DX301",),
            )
            missing += 1
        module = f"layers.{layer}.{('attn', 'mlp')[at % 2]}"
        captured.append(Node(name, op, status, module, "f32[2, 128, 768]", "model.py", at % 400 + 1, rules))
        model.append(
            Node(name if not at else f"{module}/{name}", onnx_op, status, module, "f32[2, 128, 768]", "model.py",
                 at % 400 + 1, rules, (name,))
        )  # fmt: skip
        if at:
            edges.append(Edge(at - 1, at, 0))
        if at > 10 and at % 3 == 2:
            edges.append(Edge(at - 7, at, 1))
        if at > 20 and at % 25 == 0:
            edges.append(Edge(0, at, 2))
    decomposed = [node._replace(origins=(node.name,)) for node in captured]
    graphs = Graphs(
        tuple(
            ProgramGraph(stage, tuple(each), tuple(edges))
            for stage, each in ((Stage.CAPTURED, captured), (Stage.DECOMPOSED, decomposed), (Stage.ONNX, model))
        )
    )
    run = RunDirectory(folder)
    run.finish(_report(captured, findings), graphs)
    return folder


def _report(captured: list[Node], findings: int) -> Report:
    found: list[Finding] = []
    for node in captured:
        if node.findings and len(found) < findings:
            place = Location("model.py", node.line, 9, node.line, 30, "        y = torch.special.i1(x)")
            site = Site(place, (), node.module, "Block", node.name, node.op, ("x: f32[2, 128, 768]",))
            found.append(NoOnnxFunction(site, node.op))
    passes = tuple(PassRecord(name, Outcome.PASSED, 1.0) for name in ("capture", "decompose", "dispatch", "translate"))
    verdict = Verdict(VerdictOutcome.NOT_RUN, "the export has errors")
    return Report(
        "model.py:build", False, tuple(found), passes, verdict, "", {"torch": "2.13.0"}, "2026-01-02T03:04:05", 9
    )
