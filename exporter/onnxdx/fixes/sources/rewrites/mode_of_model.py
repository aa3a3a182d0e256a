"""Dropout and statistics by the mode of the model, so that `eval()` reaches them."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from onnxdx.fixes.sources.fault import Candidate, Fault
from onnxdx.fixes.sources.source_file import descendants
from onnxdx_diagnostics.fix import Edit

RULES = frozenset({"DX117"})
NOTE = "In eval mode the model no longer draws random numbers here; in training mode it computes what it did."
_BY_TRAINING = frozenset(
    {"dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout", "rrelu"}
    | {"batch_norm", "instance_norm", "gumbel_softmax"}
)


def candidates(fault: Fault) -> Iterator[Candidate]:
    """`training=self.training` at the call; or the layers of a plain list as modules of the model."""
    for call in _calls(fault):
        name = fault.file.code(call.func).rpartition(".")[2]
        if name in _BY_TRAINING and _in_method(fault, call):
            yield Candidate(
                "Let the mode of the model decide", (_with(fault, call, "training", "self.training"),), NOTE
            )
        if name == "scaled_dot_product_attention" and _in_method(fault, call):
            rate = next((each for each in call.args if each.keyword and each.keyword.value == "dropout_p"), None)
            if rate is not None:
                code = f"{fault.file.code(rate.value)} if self.training else 0.0"
                yield Candidate("Let the mode of the model decide", (fault.file.replace(rate.value, code),), NOTE)
    yield from _listed(fault)


def _calls(fault: Fault) -> Iterator[cst.Call]:
    node = fault.node
    if node is None:
        return
    for each in (*descendants(node), *fault.file.parents(node)):
        if isinstance(each, cst.Call):
            yield each
        if isinstance(each, cst.BaseStatement):
            return


def _in_method(fault: Fault, node: cst.CSTNode) -> bool:
    function = fault.file.around(node, cst.FunctionDef)
    return function is not None and any(each.name.value == "self" for each in function.params.params[:1])


def _with(fault: Fault, call: cst.Call, keyword: str, value: str) -> Edit:
    given = next((each for each in call.args if each.keyword and each.keyword.value == keyword), None)
    if given is not None:
        return fault.file.replace(given.value, value)
    arguments = [fault.file.code(each.with_changes(comma=cst.MaybeSentinel.DEFAULT)) for each in call.args]
    return fault.file.replace(call, f"{fault.file.code(call.func)}({', '.join([*arguments, f'{keyword}={value}'])})")


def _listed(fault: Fault) -> Iterator[Candidate]:
    """Layers that the model holds in lists of Python, which `eval()` does not look into."""
    torch, imports = fault.file.importing("torch")
    for assign in fault.file.nodes(cst.Assign):
        target = assign.targets[0].target
        if not (isinstance(target, cst.Attribute) and fault.file.code(target.value) == "self"):
            continue
        kind = {cst.List: "ModuleList", cst.ListComp: "ModuleList", cst.Dict: "ModuleDict"}.get(type(assign.value))
        code = fault.file.code(assign.value)
        if kind is not None and ("nn." in code or "Dropout" in code or "Norm" in code):
            edit = fault.file.replace(assign.value, f"{torch}.nn.{kind}({code})")
            yield Candidate("Make the layers part of the model", (*imports, edit), NOTE, cost=1)
