"""Custom operators: written in ONNX Script, mapped to one of the runtime, or nodes of their own with kernel or body."""

from __future__ import annotations

import functools
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnxruntime
import pytest
import torch
from onnxscript import opset18 as op
from onnxscript import script

import onnxdx
from onnxdx import ExportOptions, ExportTarget, OnnxDomain, OnnxRegistry
from onnxdx.program import ONNXProgram
from onnxdx_diagnostics.report import VerdictOutcome
from onnxdx_diagnostics.rules.dx715_no_kernel_here import NoKernelHere

SAMPLES = Path(__file__).parents[2] / "samples"
MODULES: dict[str, Any] = {}
needs_extensions = pytest.mark.skipif(
    importlib.util.find_spec("onnxruntime_extensions") is None, reason="onnxruntime-extensions is not installed"
)


def sample(name: str) -> Any:
    """The module of a sample, run once: an operator can be defined only once in a process."""
    if name not in MODULES:
        spec = importlib.util.spec_from_file_location(f"scenario_{name}", SAMPLES / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        MODULES[name] = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(MODULES[name])
    return MODULES[name]


@functools.cache
def with_kernel() -> ExportTarget:
    """A kernel can be registered only once in a process."""
    target: ExportTarget = sample("custom_op_of_its_own").with_kernel()
    return target


def exported(build: Callable[[], ExportTarget], **asked: Any) -> tuple[ExportTarget, ONNXProgram]:
    target = build()
    options = ExportOptions(onnx_registry=target.registry, session_options=target.session_options, **asked)
    shapes = target.dynamic_shapes
    return target, onnxdx.export(target.model, target.args, target.kwargs, dynamic_shapes=shapes, options=options)


def nodes(program: ONNXProgram) -> list[str]:
    return [f"{node.domain}::{node.op_type}" for node in program.model.graph]


def agrees(target: ExportTarget, program: ONNXProgram, *inputs: torch.Tensor, **called: Any) -> None:
    (result,) = program(*inputs, **called)
    torch.testing.assert_close(result, target.model.eval()(*inputs), rtol=1e-4, atol=1e-5)


@pytest.fixture(autouse=True)
def _without_gradients() -> Any:
    with torch.no_grad():
        yield


def test_an_operator_without_onnx_function_is_written_in_onnx_script() -> None:
    assert not OnnxRegistry().is_registered_op("aten", "special_i1")

    target, program = exported(sample("custom_op_in_onnx_script").build)

    assert program.report.verdict.outcome is VerdictOutcome.PROVEN
    assert {name.partition("::")[0] for name in nodes(program)} == {""}
    agrees(target, program, torch.randn(4, 16))
    agrees(target, program, torch.linspace(-6, 6, 64).reshape(4, 16))


def test_a_custom_operator_is_mapped_to_one_of_the_runtime() -> None:
    target, program = exported(sample("custom_op_of_the_runtime").build)

    assert program.report.verdict.outcome is VerdictOutcome.PROVEN
    assert "com.microsoft::BiasGelu" in nodes(program)
    agrees(target, program, torch.randn(7, 16))


def test_an_operator_of_the_runtime_that_it_does_not_have_is_an_error() -> None:
    target = sample("custom_op_of_the_runtime").build()
    wrong = OnnxRegistry().with_op("fused::bias_gelu", lambda x, bias: OnnxDomain("com.microsoft").BaisGelu(x, bias))

    program = onnxdx.export(target.model, target.args, options=ExportOptions(onnx_registry=wrong))

    assert [finding.id for finding in program.report.findings] == ["DX602"]


def test_an_operator_of_its_own_is_exported_and_not_run() -> None:
    _, program = exported(sample("custom_op_of_its_own").build)

    (finding,) = program.report.findings
    assert isinstance(finding, NoKernelHere)
    assert finding.onnx_operator == "ai.onnx.contrib::Mirror"
    assert program.report.exported
    assert program.report.verdict.outcome is VerdictOutcome.NOT_RUN
    assert program.report.verdict.reason == "exported, not runnable here: no kernel for `ai.onnx.contrib::Mirror`"
    assert {entry.domain: entry.version for entry in program.model_proto.opset_import}["ai.onnx.contrib"] == 1


@pytest.mark.parametrize("functions", ["none", "modules"])
def test_a_body_makes_it_runnable_without_a_kernel(functions: str) -> None:
    target, program = exported(sample("custom_op_of_its_own").with_body, functions=functions)

    assert program.report.findings == ()
    assert program.report.verdict.outcome is VerdictOutcome.PROVEN
    assert "Mirror" in {name for _, name, _ in program.model.functions}
    agrees(target, program, torch.randn(4, 8))


@needs_extensions
def test_a_kernel_makes_it_run_in_the_verdict_and_in_a_call() -> None:
    target, program = exported(with_kernel)

    assert program.report.findings == ()
    assert program.report.verdict.outcome is VerdictOutcome.PROVEN
    agrees(target, program, torch.randn(4, 8))


@needs_extensions
def test_a_kernel_can_be_given_to_the_call_alone() -> None:
    target, program = exported(sample("custom_op_of_its_own").build)

    agrees(target, program, torch.randn(4, 8), session_options=with_kernel().session_options)


def test_the_users_session_options_are_those_of_the_verdict_and_of_a_call(tmp_path: Path) -> None:
    options, again = onnxruntime.SessionOptions(), onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "verified.onnx")
    again.optimized_model_filepath = str(tmp_path / "called.onnx")
    x = torch.randn(2, 4)

    program = onnxdx.export(torch.nn.Linear(4, 4), (x,), options=ExportOptions(session_options=options))
    assert [path.name for path in tmp_path.iterdir()] == ["verified.onnx"]
    program(x, session_options=again)

    assert {path.name for path in tmp_path.iterdir()} == {"verified.onnx", "called.onnx"}


@pytest.mark.parametrize(("version", "results"), [(1, 1), (3, 2)])
def test_a_domain_has_a_version_and_its_operators_results(version: int, results: int) -> None:
    name = f"own{version}"
    library = torch.library.Library(name, "DEF")
    library.define(f"parts(Tensor x) -> ({', '.join(['Tensor'] * results)})")
    library.impl(
        "parts",
        lambda x: tuple(x + i for i in range(results)) if results > 1 else x.clone(),
        "CompositeExplicitAutograd",
    )
    domain = OnnxDomain(name, version)

    class Net(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> Any:
            return getattr(torch.ops, name).parts(x)

    registry = OnnxRegistry().with_op(f"{name}::parts", lambda x: domain.operator("parts")(x, _outputs=results))
    program = onnxdx.export(Net(), (torch.rand(2, 3),), options=ExportOptions(onnx_registry=registry))

    assert [finding.id for finding in program.report.findings] == ["DX715"]
    assert len(program.model.graph.outputs) == results
    assert program.model.graph.opset_imports[name] == version


@script(OnnxDomain("pkg.nested"), default_opset=op)
def _halved(x):  # type: ignore[no-untyped-def]
    return op.Mul(x, op.CastLike(0.5, x))


@script(OnnxDomain("pkg.nested"), default_opset=op)
def _halved_often(x, times):  # type: ignore[no-untyped-def]
    y = op.Identity(x)
    for _ in range(times):
        y = _halved(y)
    return y


def test_a_script_may_call_another_in_a_loop() -> None:
    class Net(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.special.i0(x)

    def eighth(self):  # type: ignore[no-untyped-def]
        return _halved_often(self, op.Constant(value_int=3))

    registry = OnnxRegistry().with_op("aten::i0", eighth)
    program = onnxdx.export(Net(), (torch.ones(3),), options=ExportOptions(onnx_registry=registry, verify=False))

    (result,) = program(torch.ones(3))
    assert result.tolist() == [0.125] * 3
