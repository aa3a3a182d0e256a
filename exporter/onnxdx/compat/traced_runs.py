"""A run with real tensors, written down as a graph and made an exported program."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from onnxdx.compat.capturing import export_flag
from onnxdx.compat.fake_tensors import FakeTensorMode
from onnxdx.compat.patching import replaced


def traced_run(
    run: Callable[[], list[Any]], tensors: Sequence[torch.Tensor], *, exporting: bool
) -> torch.fx.GraphModule:
    """A run with real tensors as a graph of the operators that it called; `tensors` are the graph's inputs, in order.

    Nothing is asked of the run but that it works: `make_fx` with real tensors lets data out of them when told so
    (`_error_on_data_dependent_ops`), and before autograd sees them (`pre_dispatch`) operators are as in torch.export.
    Tensors from elsewhere become attributes of the result; an operator on anything that a graph cannot hold (a storage)
    is run and not recorded. `exporting` is what `torch.compiler.is_exporting()` says (2.9 - 2.14).
    """
    from torch.fx.experimental import proxy_tensor

    call = proxy_tensor.proxy_call

    def recorded(mode: Any, func: Any, pre_dispatch: bool, args: Any, kwargs: Any) -> Any:
        try:
            return call(mode, func, pre_dispatch, args, kwargs)
        except NotImplementedError as error:
            if "argument of type" not in str(error):
                raise
            return func(*args, **kwargs)

    trace = proxy_tensor.make_fx(
        lambda *_: run(),
        tracing_mode="real",
        pre_dispatch=True,
        _allow_non_fake_inputs=True,
        _error_on_data_dependent_ops=False,
    )
    with export_flag(exporting), replaced(proxy_tensor, "proxy_call", recorded):
        return trace(*tensors)


def is_traced(tensor: torch.Tensor) -> bool:
    """Whether a tensor of the `traced_run` that is under way depends on its inputs, so that its values may vary.

    Small tensors that Python made have a constant with their proxy (`get_proxy_mode`, `get_proxy_slot`, 2.9 - 2.14).
    """
    from torch.fx.experimental import proxy_tensor

    mode = proxy_tensor.get_proxy_mode()
    if mode is None:
        return False
    proxy = proxy_tensor.get_proxy_slot(tensor, mode.tracer, None)
    return proxy is not None and getattr(proxy, "constant", None) is None


def with_fake_values(module: torch.fx.GraphModule) -> None:
    """Give the nodes of a traced run, and of the graphs in it, values of one fake mode: `make_fx` makes one each."""
    from torch.utils import _pytree

    mode = FakeTensorMode()

    def shaped(value: Any) -> Any:
        if not isinstance(value, torch.Tensor):
            return value
        with mode:
            return torch.empty_strided(value.size(), value.stride(), dtype=value.dtype, device=value.device)

    for part in module.modules():
        if not isinstance(part, torch.fx.GraphModule):
            continue
        for node in part.graph.nodes:
            value = getattr(part, str(node.target), None) if node.op == "get_attr" else node.meta.get("val")
            if node.op != "get_attr" or isinstance(value, torch.Tensor):
                node.meta["val"] = _pytree.tree_map(shaped, value)


def program_of_run(
    module: torch.fx.GraphModule,
    input_specs: list[Any],
    output_specs: list[Any],
    state: Mapping[str, torch.Tensor],
    constants: Mapping[str, torch.Tensor],
    inputs: tuple[tuple[Any, ...], dict[str, Any]],
    output: Any,
    parameters: list[str],
) -> torch.export.ExportedProgram:
    """A traced run as an exported program; the specs are those of `torch.export.graph_signature`.

    The structures of inputs and output are pytree's, and the dialect is that of a capture that is not functional
    (`TrainingIRVerifier`, 2.9 - 2.14).
    """
    from torch._export.verifier import TrainingIRVerifier
    from torch.export import ExportedProgram, ModuleCallEntry, ModuleCallSignature
    from torch.export.graph_signature import ExportGraphSignature
    from torch.utils import _pytree

    signature = ModuleCallSignature(
        inputs=[],
        outputs=[],
        in_spec=_pytree.tree_structure(inputs),
        out_spec=_pytree.tree_structure(output),
        forward_arg_names=parameters,
    )
    return ExportedProgram(
        root=module,
        graph=module.graph,
        graph_signature=ExportGraphSignature(input_specs, output_specs),
        state_dict=dict(state),
        range_constraints={},
        module_call_graph=[ModuleCallEntry("", signature)],
        example_inputs=inputs,
        constants=dict(constants),
        verifiers=[TrainingIRVerifier],
    )
