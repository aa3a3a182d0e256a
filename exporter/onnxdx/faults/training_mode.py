"""Operators that behave as in training although the model is exported in eval mode."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from torch import fx
from torch.export import ExportedProgram

from onnxdx.compat.torch_operators import OpOverload, is_builtin, schema
from onnxdx.graph.operators import called_graphs
from onnxdx.values import CapturedProgram
from onnxdx_diagnostics.finding import Site
from onnxdx_diagnostics.rules.dx117_left_in_training import LeftInTraining

_DROPOUTS = frozenset({"dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout", "native_dropout"})
_RECURRENT = frozenset({"lstm", "gru", "rnn_tanh", "rnn_relu"})


def findings(program: CapturedProgram) -> Iterator[LeftInTraining]:
    """One finding for each operator that draws random numbers or updates statistics, in a model exported in eval mode.

    None when the user asked for the model as it is in training.
    """
    if program.request.options.training:
        return
    for node in _nodes(program.exported.graph_module, program.exported.graph):
        if draws_as_in_training(node) or _updates_statistics(node):
            site = program.sources.site(node)
            caller: Literal["module", "function"] = "module" if _in_module(site) else "function"
            yield LeftInTraining(site, _name(node), "statistics" if _updates_statistics(node) else "random", caller)


def updated_statistics(program: CapturedProgram) -> frozenset[str]:
    """The buffers that are written by the operators that `findings` tells of."""
    if program.request.options.training:
        return frozenset()
    names = _buffers(program.exported)
    found: set[str] = set()
    for node in program.exported.graph.nodes:
        if node.op == "call_function" and _updates_statistics(node):
            found |= {names[each] for each in node.all_input_nodes if each in names}
    owners = {name.rpartition(".")[0] for name in found if name.endswith("running_mean")}
    counters = {name for name in names.values() if name.endswith("num_batches_tracked")}
    return frozenset(found | {name for name in counters if name.rpartition(".")[0] in owners})


def _buffers(exported: ExportedProgram) -> dict[fx.Node, str]:
    placeholders = (node for node in exported.graph.nodes if node.op == "placeholder")
    specs = zip(placeholders, exported.graph_signature.input_specs, strict=True)
    return {node: spec.target for node, spec in specs if spec.target is not None}


def _nodes(owner: Any, graph: fx.Graph) -> Iterator[fx.Node]:
    yield from (node for node in graph.nodes if isinstance(node.target, OpOverload))
    for _, body in called_graphs(owner, graph):
        yield from _nodes(body, body.graph)


def draws_as_in_training(node: fx.Node) -> bool:
    """Whether an operator draws random numbers that it would not draw in eval mode."""
    name = _name(node)
    if name in _DROPOUTS:
        return _argument(node, "p") != 0 and _argument(node, "train") is True
    if name in ("rrelu", "rrelu_with_noise"):
        return _argument(node, "training") is True
    if name in _RECURRENT:
        return bool(_argument(node, "dropout")) and _argument(node, "train") is True
    return "attention" in name and bool(_argument(node, "dropout_p"))


def _updates_statistics(node: fx.Node) -> bool:
    """Whether it is a normalisation that uses the statistics of the batch and has those of training at hand."""
    name = _name(node)
    if name in ("batch_norm", "cudnn_batch_norm"):
        return _argument(node, "training") is True and _argument(node, "running_mean") is not None
    return name == "instance_norm" and bool(
        _argument(node, "use_input_stats") is True and _argument(node, "running_mean") is not None
    )


def _argument(node: fx.Node, name: str) -> Any:
    """The value of an argument of an operator, by its name in the schema."""
    if not isinstance(node.target, OpOverload):
        return None
    for index, argument in enumerate(schema(node.target).arguments):
        if argument.name == name:
            given = node.args[index] if index < len(node.args) else node.kwargs.get(name)
            return argument.default_value if given is None and argument.has_default_value() else given
    return None


def _name(node: fx.Node) -> str:
    """ "dropout" of `aten::dropout_`; empty for operators that are not torch's own."""
    if not isinstance(node.target, OpOverload) or not is_builtin(node.target):
        return ""
    return schema(node.target).name.partition("::")[2].rstrip("_")


def _in_module(site: Site) -> bool:
    """Whether a module of torch calls the operator, and not the user."""
    return bool(site.stack) and not site.stack[-1].user
