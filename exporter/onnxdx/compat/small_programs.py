"""One operator by itself: its body traced on sizes and numbers that stay open, as an exported program."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch

from onnxdx.compat.conditions import written
from onnxdx.compat.fake_tensors import FakeTensorMode
from onnxdx.compat.symbolic_sizes import ShapeEnv


def open_values(
    leaves: Sequence[tuple[str, Any]], *, sizes: bool, numbers: bool
) -> tuple[list[Any], FakeTensorMode, dict[str, str]]:
    """Fake values like these, with symbols for sizes and for plain numbers, and what each symbol stands for.

    `leaves` are names with real or fake values. A symbol is called as in Python, `x.shape[0]` or `factor`
    (`ShapeEnv.create_unspecified_symbol`, `FakeTensorMode.from_tensor`, 2.9 - 2.14).
    """
    from torch._dynamo.source import LocalSource
    from torch.fx.experimental.symbolic_shapes import DimDynamic, StatelessSymbolicContext

    env = ShapeEnv()
    mode = FakeTensorMode(shape_env=env, allow_non_fake_inputs=True)
    made: list[Any] = []
    names: dict[str, str] = {}
    for index, (name, value) in enumerate(leaves):
        source = LocalSource(f"leaf_{index}")
        if isinstance(value, torch.Tensor):
            kind = DimDynamic.DYNAMIC if sizes else DimDynamic.STATIC
            context: Any = StatelessSymbolicContext(dynamic_sizes=[kind] * value.dim())
            fake: Any = mode.from_tensor(value.detach(), source=source, symbolic_context=context)
            names.update(
                (str(size.node.expr), f"{name}.shape[{axis}]")
                for axis, size in enumerate(fake.shape)
                if isinstance(size, torch.SymInt)
            )
            made.append(fake)
        elif numbers and type(value) in (int, float):
            symbol = env.create_unspecified_symbol(value, source, DimDynamic.DYNAMIC)
            names[str(symbol)] = name
            create = env.create_symintnode if type(value) is int else env.create_symfloatnode
            made.append(create(symbol, hint=value, source=source))
        else:
            made.append(value)
    return made, mode, names


@contextlib.contextmanager
def sizes_of_data_forgotten(mode: FakeTensorMode) -> Iterator[None]:
    """While open, an operator may make sizes that depend on data and keep them to itself.

    So it is while torch.export captures a call of it (`ShapeEnv.ignore_fresh_unbacked_symbols`, 2.9 - 2.14).
    """
    assert mode.shape_env is not None
    with mode.shape_env.ignore_fresh_unbacked_symbols():
        yield


def taken_for_true(env: ShapeEnv, names: Mapping[str, str]) -> tuple[str, ...]:
    """What was taken for true of the symbols of `open_values`, as Python (`ShapeEnv.guards`, 2.9 - 2.14)."""
    said = (written(guard.expr, names) for guard in env.guards)
    return tuple(dict.fromkeys(re.sub(r"\b(Max|Min)\(", lambda found: found[0].lower(), each) for each in said))


def functionalized(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with every write into a tensor done out of place, as torch.export does it, for a trace with
    `pre_dispatch`.

    `torch.func.functionalize` runs a write on a meta tensor first, which some kernels refuse to do with symbolic
    sizes (`torch._subclasses.functional_tensor.dispatch_functionalize`, 2.9 - 2.14).
    """
    from torch._subclasses.functional_tensor import FunctionalTensorMode, dispatch_functionalize

    return dispatch_functionalize(function, FunctionalTensorMode(pre_dispatch=True))


def without_modes() -> contextlib.AbstractContextManager[Any]:
    """Nothing that traces, or computes on tensors without values, sees what is called within (2.9 - 2.14)."""
    from torch.utils._python_dispatch import _disable_current_modes

    return _disable_current_modes()


def assembled_program(module: torch.fx.GraphModule) -> torch.export.ExportedProgram:
    """A traced graph as an exported program: its placeholders are the inputs, the tensors that it holds are constants.

    What torch.export would make of a module that computes it, without the capture (`ExportedProgram` is public, what it
    is made of is `torch.export.graph_signature`, a call spec of `torch.utils._pytree` and a verifier, 2.9 - 2.14).
    """
    from torch._export.verifier import TrainingIRVerifier
    from torch.export import graph_signature as parts
    from torch.export.exported_program import ModuleCallEntry, ModuleCallSignature
    from torch.utils import _pytree

    constants = _constants_as_inputs(module)
    inputs = [node for node in module.graph.nodes if node.op == "placeholder"]
    output = next(node for node in module.graph.nodes if node.op == "output")
    results = list(output.args[0]) if isinstance(output.args[0], (list, tuple)) else [output.args[0]]
    output.args = (tuple(results),)
    module.recompile()

    def said(node: Any) -> Any:
        value = node.meta.get("val") if isinstance(node, torch.fx.Node) else node
        if isinstance(value, torch.Tensor):
            return parts.TensorArgument(node.name)
        if isinstance(value, torch.SymInt):
            return parts.SymIntArgument(node.name)
        if isinstance(value, torch.SymFloat):
            return parts.SymFloatArgument(node.name)
        name = node.name if isinstance(node, torch.fx.Node) else ""
        return parts.ConstantArgument(name, value if isinstance(value, (int, float, bool, str)) else None)

    given = [
        parts.InputSpec(parts.InputKind.CONSTANT_TENSOR, parts.TensorArgument(node.name), node.name)
        if node.name in constants
        else parts.InputSpec(parts.InputKind.USER_INPUT, said(node), None)
        for node in inputs
    ]
    gives = [parts.OutputSpec(parts.OutputKind.USER_OUTPUT, said(node), None) for node in results]
    users = sum(node.name not in constants for node in inputs)
    in_spec = _pytree.tree_flatten((tuple(range(users)), {}))[1]
    out_spec = _pytree.tree_flatten(tuple(range(len(results))))[1]
    call = ModuleCallEntry("", ModuleCallSignature([], [], in_spec, out_spec))
    signature = parts.ExportGraphSignature(given, gives)
    return torch.export.ExportedProgram(
        module, module.graph, signature, {}, {}, [call], constants=constants, verifiers=[TrainingIRVerifier]
    )


def _constants_as_inputs(module: torch.fx.GraphModule) -> dict[str, Any]:
    constants: dict[str, Any] = {}
    first = next(iter(module.graph.nodes))
    for node in [node for node in module.graph.nodes if node.op == "get_attr"]:
        tensor = getattr(module, str(node.target))
        if not isinstance(tensor, torch.Tensor):
            continue
        with module.graph.inserting_before(first):
            lifted = module.graph.placeholder(str(node.target))
        lifted.meta = {"val": tensor, **node.meta}
        node.replace_all_uses_with(lifted)
        module.graph.erase_node(node)
        constants[lifted.name] = tensor
    return constants
