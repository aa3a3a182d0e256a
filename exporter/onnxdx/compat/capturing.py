"""While torch captures: what it notes of nodes, what it changes and prints, and what it must not see."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import torch

# Sees every operator that is called while it is open; subclassed, and without another name (2.9 - 2.14).
from torch.utils._python_dispatch import TorchDispatchMode

from onnxdx.compat.patching import replaced

__all__ = [
    "TorchDispatchMode",
    "attributes_as_left",
    "called_module",
    "export_flag",
    "lines_inside_autocast",
    "load_torch_export",
    "no_printed_graphs",
    "outside_of_capture",
    "outside_of_modes",
    "stack_texts",
]


@contextlib.contextmanager
def outside_of_modes() -> Iterator[None]:
    """While open, no dispatch mode sees what is called (`_disable_current_modes`, 2.9 - 2.14)."""
    from torch.utils._python_dispatch import _disable_current_modes

    with _disable_current_modes():
        yield


@contextlib.contextmanager
def stack_texts(record: Callable[[], str], modules: Callable[[], dict[str, Any]] | None = None) -> Iterator[None]:
    """While open, a new graph node gets the stack text that `record` makes instead of torch's own.

    With `modules` each node gets the `nn_module_stack` that it makes, too, and traces that ask for no stack texts get
    them all the same.

    In non-strict mode torch keeps only frames whose function is called `forward`, so that a helper function's line is
    lost, and symbolises the whole stack for each node (`TracerBase.create_node`, `record_stack_traces`, 2.9 - 2.14).
    """
    from torch.fx.proxy import TracerBase

    original = TracerBase.create_node

    def create_node(self: TracerBase, *args: Any, **kwargs: Any) -> torch.fx.Node:
        asked = self.record_stack_traces
        if not asked and modules is None:
            return original(self, *args, **kwargs)
        self.record_stack_traces = False
        try:
            node = original(self, *args, **kwargs)
        finally:
            self.record_stack_traces = asked
        if not node.stack_trace:
            node.stack_trace = record() or None
        if modules is not None and "nn_module_stack" not in node.meta:
            node.meta["nn_module_stack"] = modules()
        return node

    with replaced(TracerBase, "create_node", create_node):
        yield


@contextlib.contextmanager
def attributes_as_left(look: Callable[[], None]) -> Iterator[None]:
    """While open, `look` is called after the model was captured in non-strict mode, before torch restores attributes.

    `torch.export._trace._detect_attribute_assignment` puts every plain attribute back, lists as copies (2.9 - 2.14).
    """
    from torch.export import _trace

    original = vars(_trace)["_detect_attribute_assignment"]

    @contextlib.contextmanager
    def detect(module: torch.nn.Module) -> Iterator[None]:
        with original(module):
            try:
                yield
            finally:
                look()

    with replaced(_trace, "_detect_attribute_assignment", detect):
        yield


def load_torch_export() -> None:
    """Import what torch.export imports in its first call: a logger that comes to life then escapes who silences torch.

    `torch.export.export` imports `torch.export._trace`, and with it dynamo, when it is called. At its first use dynamo
    turns off the checks of all distributions, for good: a capture would depend on those before it (2.9 - 2.14).
    """
    from torch._dynamo.eval_frame import TorchPatcher
    from torch.export import _trace as _trace

    distributions = torch.distributions.Distribution
    checked = distributions._validate_args
    TorchPatcher.patch()
    distributions.set_default_validate_args(checked)


def called_module(frame: FrameType) -> torch.nn.Module | None:
    """The module that this frame is the call of, with its hooks (`nn.Module._call_impl`, 2.9 - 2.14)."""
    module = frame.f_locals.get("self") if frame.f_code is torch.nn.Module._call_impl.__code__ else None
    return module if isinstance(module, torch.nn.Module) else None


@contextlib.contextmanager
def no_printed_graphs() -> Iterator[None]:
    """While open, torch.export does not print the graph it had so far to stderr when it fails.

    The wrapper of `torch.export._trace` prints `partial_fx_graph`, with no option against it (2.9 - 2.14).
    """
    from torch.export import _trace

    vars(_trace)["print"] = lambda *values, **options: None
    try:
        yield
    finally:
        del vars(_trace)["print"]


@contextlib.contextmanager
def outside_of_capture() -> Iterator[None]:
    """While open, torch runs as it does without any capture: `_disable_current_modes`, `DisableTorchFunction`.

    Nor does anything know of an export: a TorchScript method would call the Python that it was made of (2.9 - 2.14).
    """
    from torch.utils._python_dispatch import _disable_current_modes

    with _disable_current_modes(), torch._C.DisableTorchFunction(), export_flag(False):
        yield


@contextlib.contextmanager
def export_flag(exporting: bool) -> Iterator[None]:
    """While open, `torch.compiler.is_exporting()` and `is_compiling()` say this; neither has a setter (2.9 - 2.14)."""
    names = ("_is_exporting_flag", "_is_compiling_flag")
    known = {name: getattr(torch.compiler, name) for name in names}
    vars(torch.compiler).update(dict.fromkeys(names, exporting))
    try:
        yield
    finally:
        vars(torch.compiler).update(known)


@contextlib.contextmanager
def lines_inside_autocast() -> Iterator[None]:
    """While open, a retrace of a program keeps the lines of operators in a region of autocast.

    `wrap_with_autocast` calls the graph of the region as code, which has no lines but those of the code; an interpreter
    of its nodes has theirs (`torch._higher_order_ops.wrap`, 2.9 - 2.14).
    """
    from torch._higher_order_ops import wrap

    call = wrap.WrapWithAutocast.__call__

    def interpreted(
        self: Any, device: str, dtype: Any, enabled: bool, cached: bool | None, region: Any, *args: Any, **kwargs: Any
    ) -> Any:
        run = torch.fx.Interpreter(region).run if isinstance(region, torch.fx.GraphModule) else region
        return call(self, device, dtype, enabled, cached, run, *args, **kwargs)

    with replaced(wrap.WrapWithAutocast, "__call__", interpreted):
        yield
