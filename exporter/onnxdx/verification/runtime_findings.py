"""What ONNX Runtime shows of a model, as findings on the user's line."""

from __future__ import annotations

from onnxdx.dtypes import torch_name
from onnxdx.graph.operators import called
from onnxdx.values import OnnxDraft
from onnxdx.verification.isolated import Differs, Fails, Fault
from onnxdx.verification.runtime import PROVIDER, Refusal
from onnxdx_diagnostics.finding import Finding
from onnxdx_diagnostics.rules.dx601_numbers_differ import NumbersDiffer
from onnxdx_diagnostics.rules.dx602_runtime_refuses import RuntimeRefuses
from onnxdx_diagnostics.rules.dx603_runtime_fails import RuntimeFails
from onnxdx_diagnostics.rules.dx604_output_contract import OutputContract
from onnxdx_diagnostics.rules.dx607_order_of_equals import OrderOfEquals
from onnxdx_diagnostics.rules.dx715_no_kernel_here import NoKernelHere


def finding(draft: OnnxDraft, fault: Fault) -> Finding:
    """A fault that one operator has by itself."""
    match fault:
        case Refusal(onnx_node) if fault.is_foreign:
            node = draft.node_of(onnx_node)
            name = f"{onnx_node.domain}::{onnx_node.op_type}"
            return NoKernelHere(draft.site(onnx_node), called(node) if node is not None else name, name)
        case Refusal():
            return refusal(draft, fault)
        case Fails(onnx_node, reason):
            node = draft.node_of(onnx_node)
            operator = called(node) if node is not None else onnx_node.op_type
            return RuntimeFails(draft.site(onnx_node), reason, "", operator, draft.function_of(node))
        case Differs():
            return difference(draft, fault)


def refusal(draft: OnnxDraft, refused: Refusal) -> RuntimeRefuses:
    """A node that ONNX Runtime has no kernel for, or refuses for another reason."""
    onnx_node = refused.onnx_node
    node = draft.node_of(onnx_node)
    return RuntimeRefuses(
        draft.site(onnx_node),
        refused.reason,
        called(node) if node is not None else onnx_node.op_type,
        onnx_node.op_type,
        torch_name(refused.dtype) if refused.dtype is not None else "",
        PROVIDER.removesuffix("ExecutionProvider"),
        tuple(torch_name(dtype) for dtype in refused.would_do),
    )


def difference(draft: OnnxDraft, fault: Differs, output: str = "", numbers: str = "") -> Finding:
    """An operator that computes something else than torch; `output` is the output of the model that shows it."""
    site, operator = draft.captured.sources.site(fault.node), called(fault.node)
    function = draft.function_of(fault.node)
    if fault.tie:
        return OrderOfEquals(site, operator)
    if fault.comparison.contract:
        return OutputContract(site, "", fault.comparison.contract, "", operator, function)
    return NumbersDiffer(site, output, numbers or fault.comparison.numbers, "", operator, function)
