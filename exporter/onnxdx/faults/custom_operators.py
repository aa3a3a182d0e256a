"""Operators that are not torch's own, held to what they say of themselves: their schema and their fake kernel.

They are run once on the real values of the sample inputs; torch believes them without looking.
"""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import fx

from onnxdx.compat.capturing import TorchDispatchMode
from onnxdx.compat.kernels import fake_kernel_of, has_fake_kernel, kernel_of, on_fake_tensors
from onnxdx.compat.pytree import leaves_of
from onnxdx.compat.torch_operators import OpOverload, is_builtin, schema
from onnxdx.compat.writing_operators import storage_of
from onnxdx.eager import plain_run
from onnxdx.eager.python_state import PythonState
from onnxdx.graph.operators import called_graphs
from onnxdx.user_code import definitions
from onnxdx.user_code.provenance import SourceMap, short_dtype
from onnxdx.user_code.recording import StackRecorder
from onnxdx.user_code.stacks import Spot
from onnxdx_diagnostics import source
from onnxdx_diagnostics.finding import Finding, Location, Site
from onnxdx_diagnostics.rules.dx112_wrong_fake_kernel import WrongFakeKernel
from onnxdx_diagnostics.rules.dx113_wrong_op_schema import WrongOpSchema


def are_called(owner: torch.nn.Module, graph: fx.Graph) -> bool:
    """Whether a captured graph, or one inside it, calls an operator that is not torch's own."""
    if any(isinstance(node.target, OpOverload) and not is_builtin(node.target) for node in graph.nodes):
        return True
    return any(are_called(body, body.graph) for _, body in called_graphs(owner, graph))


def findings(
    model: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any], sources: SourceMap
) -> list[Finding]:
    """One finding for each call of an operator that is not what it says, in one run of the model.

    The run ends where an operator returns what torch cannot take. The model is left as it was.
    """
    if not plain_run.has_values(model, args, kwargs):
        return []
    recorder = StackRecorder(frozenset((_call.__code__,)), {id(module): path for path, module in model.named_modules()})
    watch = _Watch(recorder, sources)
    with contextlib.ExitStack() as stack:
        stack.enter_context(PythonState(model, sources.is_user).kept())
        stack.enter_context(plain_run.unchanged(model))
        stack.enter_context(plain_run.values_kept(model, args, kwargs))
        # that the model fails on its inputs is told by the pass that captures it
        stack.enter_context(contextlib.suppress(Exception, SystemExit))
        # a branch that dynamo compiles while a mode is open fails, then and whenever it is run afterwards
        stack.enter_context(torch.compiler.set_stance("force_eager"))
        stack.enter_context(watch)
        _call(model, args, kwargs)
    return watch.found


def _call(model: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    model(*args, **kwargs)


class _Watch(TorchDispatchMode):
    """Sees every call of an operator; `found` is what is wrong with those that are not torch's own."""

    supports_higher_order_operators = True
    """What torch asks of a mode that `torch.cond` and its kin may be run in."""

    def __init__(self, recorder: StackRecorder, sources: SourceMap) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.recorder, self.sources = recorder, sources
        self.found: list[Finding] = []

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if not isinstance(func, OpOverload) or is_builtin(func):
            return func(*args, **kwargs)
        spots, module = self.recorder.spots(), self.recorder.module()
        before = _copies((args, kwargs))
        try:
            result = func(*args, **kwargs)
        except RuntimeError:
            self.found += self._refused(func, before, spots, module)
            raise
        problems = [*_written(func, args, kwargs, before), *_misfits(func, result, (args, kwargs))]
        self.found += [self._wrong_schema(func, problem, spots, module) for problem in problems]
        if not problems and has_fake_kernel(func):
            self.found += self._compared(func, result, before, spots, module)
        return result

    def _refused(self, func: OpOverload, given: Any, spots: tuple[Spot, ...], module: str) -> list[Finding]:
        """What is wrong with a result that torch does not take: the kernel is asked once more, by itself."""
        kernel = kernel_of(func)
        if kernel is None:
            return []
        given = _copies(given)
        try:
            result = kernel(*given[0], **given[1])
        except Exception:  # the kernel itself fails: so does the model, and that is told as such
            return []
        return [self._wrong_schema(func, problem, spots, module) for problem in _misfits(func, result, given)]

    def _compared(
        self, func: OpOverload, result: Any, given: Any, spots: tuple[Spot, ...], module: str
    ) -> Iterator[Finding]:
        try:
            said = on_fake_tensors(func, *given)
        except Exception:  # a fake kernel that fails has failed the capture
            return
        difference = _difference(result, said)
        if difference is None:
            return
        kernel = fake_kernel_of(func)
        returns = definitions.returns(kernel)
        place = returns[0] if len(returns) == 1 else _definition(kernel)
        site = self._site(func, place, spots, module)
        yield WrongFakeKernel(site, schema(func).name, difference[0], difference[1])

    def _wrong_schema(self, func: OpOverload, problem: str, spots: tuple[Spot, ...], module: str) -> Finding:
        place = _definition(kernel_of(func)) or _schema_line(func, spots)
        return WrongOpSchema(self._site(func, place, spots, module), schema(func).name, problem)

    def _site(self, func: OpOverload, place: Location | None, spots: tuple[Spot, ...], module: str) -> Site:
        """The site of a call, at `place` when that is the user's own."""
        site = self.sources.site_at(spots, schema(func).name, module)
        return replace(site, location=place) if place and self.sources.is_user(place.path) else site


def _written(func: OpOverload, args: Sequence[Any], kwargs: Mapping[str, Any], before: Any) -> Iterator[str]:
    """Arguments that are not what they were, though the schema does not say that they are written."""
    arguments = list(_arguments(func, args, kwargs))
    declared = [tensor for _, now, may_write in arguments if may_write for tensor in _tensors(now)]
    for (name, now, may_write), (_, then, _) in zip(arguments, _arguments(func, *before), strict=True):
        for one, other in zip(_tensors(now), _tensors(then), strict=True):
            if not may_write and not _unchanged(one, other) and not _shares(one, declared):
                yield f"its kernel writes into `{name}`, which the schema does not say"
                break


def _misfits(func: OpOverload, result: Any, given: Any) -> Iterator[str]:
    """How the results of a kernel are not those of the schema: number, types, memory of an argument."""
    returns = schema(func).returns
    results = list(result) if len(returns) > 1 and isinstance(result, (tuple, list)) else [result]
    if len(returns) > 1 and len(results) != len(returns):
        yield f"its kernel returns {_count(results)}, and the schema has {len(returns)}"
        return
    for value, declared in zip(results, returns, strict=False):
        expected = str(declared.type)
        if (expected == "Tensor") is not isinstance(value, torch.Tensor) and expected in ("Tensor", "int", "float"):
            yield f"its kernel returns {_kind(value)}, and the schema says `{expected}`"
            return
        if declared.alias_info is None:
            yield from _aliases(func, value, given)


def _aliases(func: OpOverload, value: Any, given: Any) -> Iterator[str]:
    memory = {tensor.untyped_storage().data_ptr() for tensor in _tensors(value) if tensor.numel()}
    for name, argument, _ in _arguments(func, *given):
        if any(tensor.untyped_storage().data_ptr() in memory for tensor in _tensors(argument) if tensor.numel()):
            yield f"its kernel returns the memory of `{name}`, and the schema says it returns new memory"
            return


def _difference(real: Any, said: Any) -> tuple[str, str] | None:
    """What the fake kernel says of the results, and what they are; None when that is the same."""
    ours, theirs = _parts(real), _parts(said)
    if len(ours) != len(theirs):
        return _count(theirs), _count(ours)
    for one, other in zip(ours, theirs, strict=True):
        if not isinstance(one, torch.Tensor) or not isinstance(other, torch.Tensor):
            continue
        shapes_fit = one.dim() == other.dim() and all(
            not isinstance(size, int) or size == known for size, known in zip(other.shape, one.shape, strict=True)
        )
        if not shapes_fit or one.dtype != other.dtype:
            return _described(other), _described(one)
        if one.device.type != other.device.type:
            return f"{_described(other)} on {other.device.type}", f"{_described(one)} on {one.device.type}"
    return None


def _described(tensor: torch.Tensor) -> str:
    sizes = ", ".join(str(size) for size in tensor.shape)
    return f"`{short_dtype(tensor.dtype)}[{sizes}]`"


def _parts(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (tuple, list)) else [value]


def _count(values: Sequence[Any]) -> str:
    return f"{len(values)} result{'s' if len(values) != 1 else ''}"


def _kind(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        return _count(value)
    return "nothing" if value is None else f"`{type(value).__name__}`"


def _arguments(func: OpOverload, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Iterator[tuple[str, Any, bool]]:
    """Name and value of each argument, and whether the schema says that it is written."""
    for index, argument in enumerate(schema(func).arguments):
        value = args[index] if index < len(args) else kwargs.get(argument.name)
        yield argument.name, value, argument.alias_info is not None and argument.alias_info.is_write


def _shares(one: torch.Tensor, others: Sequence[torch.Tensor]) -> bool:
    """Whether a tensor has memory in common with one of the others."""
    strided = [each for each in others if each.layout is torch.strided]
    return one.layout is torch.strided and any(storage_of(one) == storage_of(each) for each in strided)


def _tensors(value: Any) -> list[torch.Tensor]:
    return [leaf for leaf in leaves_of(value) if isinstance(leaf, torch.Tensor)]


def _copies(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    if isinstance(value, (tuple, list)):
        return type(value)(map(_copies, value))
    return {name: _copies(each) for name, each in value.items()} if isinstance(value, dict) else value


def _unchanged(one: torch.Tensor, other: torch.Tensor) -> bool:
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    return bool(((one == other) | ((one != one) & (other != other))).all())


def _definition(function: Any) -> Location | None:
    """The line on which a function of the user begins, decorators included."""
    code = getattr(function, "__code__", None)
    return source.region(code.co_filename, code.co_firstlineno) if code is not None else None


def _schema_line(func: OpOverload, spots: Sequence[Spot]) -> Location | None:
    """The call of `define` that gives the schema, when it stands in a file of the stack."""
    namespace, _, name = schema(func).name.partition("::")
    wanted = re.compile(rf"(?:{re.escape(namespace)}::)?{re.escape(name)}(?:\.\w+)?(?:\(|$)")
    for path in dict.fromkeys(spot.path for spot in reversed(spots)):
        for node in definitions.calls_of(path, "define"):
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str) and wanted.match(first.value):
                return source.region(path, node.lineno)
    return None
