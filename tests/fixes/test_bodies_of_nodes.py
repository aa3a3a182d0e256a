"""Operators that are exported as nodes of their own domain, and the bodies that make them run anywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from opaque import opaque

from onnxdx import ExportOptions, OnnxDomain, OnnxRegistry
from onnxdx_diagnostics.fix import Applicability
from onnxdx_diagnostics.report import VerdictOutcome


@torch.library.custom_op("nodes::blend", mutates_args=())
def blend(x: torch.Tensor, y: torch.Tensor, share: float) -> torch.Tensor:
    return torch.lerp(x, y.tanh(), share)


@blend.register_fake
def _(x: torch.Tensor, y: torch.Tensor, share: float) -> torch.Tensor:
    return torch.empty_like(x)


@torch.library.custom_op("nodes::unknown", mutates_args=())
def unknown(x: torch.Tensor) -> torch.Tensor:
    return opaque(x + 1)


@unknown.register_fake
def _(x: torch.Tensor) -> torch.Tensor:
    return torch.empty_like(x)


NODES = OnnxDomain("nodes")


def test_a_body_in_torch_becomes_the_body_of_the_node(run: Callable[..., Any]) -> None:
    registry = OnnxRegistry().with_op(blend, lambda x, y, share: NODES.Blend(x, y, share=share))
    exported = run(
        lambda x, y: blend(x, y, 0.25),
        torch.randn(3, 4),
        torch.randn(3, 4),
        options=ExportOptions(onnx_registry=registry),
    )
    assert [finding.id for finding in exported.report.findings] == ["DX715"]

    (fix,) = exported.fixes()
    after = exported.with_fix(fix)

    assert fix.applicability is Applicability.PROVEN
    assert '@script(OnnxDomain("nodes"), default_opset=op)' in fix.diff
    assert "The function that names the node is not used any more" in fix.text
    assert not after.report.findings
    assert after.report.verdict.outcome is VerdictOutcome.PROVEN
    assert "Blend" in {name for _, name, _ in after.program.model.functions}
    assert after.agrees(torch.randn(3, 4), torch.randn(3, 4))


def test_a_body_outside_of_torch_gives_no_body_for_the_node(run: Callable[..., Any]) -> None:
    registry = OnnxRegistry().with_op(unknown, lambda x: NODES.Unknown(x))
    exported = run(lambda x: unknown(x), torch.randn(3), options=ExportOptions(onnx_registry=registry))

    (fix,) = exported.fixes()

    assert fix.applicability is Applicability.MANUAL
    assert "cannot be traced" in fix.text
