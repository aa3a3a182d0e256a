"""Symbolic sizes: what a capture decides of them and takes for true, and the symbols of its inputs."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable, Collection, Iterator
from typing import Any

import sympy
import torch

# The symbols of a capture and what it knows of them; torch has no public name for it (2.9 - 2.14).
from torch.fx.experimental.symbolic_shapes import ShapeEnv

from onnxdx.compat.fake_tensors import fake_mode_of
from onnxdx.compat.patching import replaced
from onnxdx.compat.torch_errors import GuardOnDataDependentSymNode

__all__ = [
    "ShapeEnv",
    "asks_truth",
    "env_of_value",
    "guards_of",
    "shape_env_of",
    "size_decisions",
    "sizes_kept",
    "symbols_of",
]


@contextlib.contextmanager
def size_decisions(on_guard: Callable[[Any], None], on_guess: Callable[[Any, bool], None]) -> Iterator[None]:
    """While open, hears of every condition on sizes that torch takes as true, and of all it decides by real values.

    Of these it hears whether it was the truth of a tensor that torch asked for.

    The two methods of ShapeEnv are where torch itself logs these for draft export; the public way, its structured log,
    writes files (2.9 - 2.14).
    """
    log_guard = ShapeEnv._log_guard

    def guard(self: ShapeEnv, prefix: str, expression: Any, *args: Any, **kwargs: Any) -> None:
        if "suppressed" not in prefix:  # decided and forgotten, as by `suppress_guards`
            on_guard(expression)
        log_guard(self, prefix, expression, *args, **kwargs)

    def guess(self: ShapeEnv, expression: Any, value: Any) -> None:
        on_guess(expression, _asks_truth(expression, self))

    with (
        replaced(ShapeEnv, "_log_guard", guard),
        replaced(ShapeEnv, "_log_real_tensor_propagation", guess),
    ):
        yield


def shape_env_of(exported: torch.export.ExportedProgram) -> ShapeEnv | None:
    """The symbols and guards of a captured program, if any of its sizes is symbolic (`FakeTensorMode.shape_env`)."""
    for node in exported.graph.nodes:
        mode = fake_mode_of(node.meta.get("val"))
        if mode is not None:
            return mode.shape_env
    return None


def guards_of(exported: torch.export.ExportedProgram) -> list[tuple[Any, str, int, str]]:
    """The guards of a captured program: condition, and file, line and function of the frame that asked for it.

    `ShapeEnv.guards` holds `ShapeGuard(expr, sloc)`; `framework_loc` is the innermost frame outside torch's symbolic
    machinery, a FrameSummary in non-strict mode (2.9 - 2.14).
    """
    env = shape_env_of(exported)
    found: list[tuple[Any, str, int, str]] = []
    for guard in env.guards if env is not None else ():
        place = guard.sloc.framework_loc
        if isinstance(place, traceback.FrameSummary):
            found.append((guard.expr, place.filename, place.lineno or 0, place.name))
    return found


def env_of_value(value: object) -> ShapeEnv | None:
    """The symbols that the sizes of a tensor are made of, if one of them is symbolic (`SymNode.shape_env`)."""
    if isinstance(value, torch.Tensor) and value.is_nested:  # whose sizes raise
        return None
    sizes = value.shape if isinstance(value, torch.Tensor) else (value,)
    return next((size.node.shape_env for size in sizes if isinstance(size, torch.SymInt)), None)


def symbols_of(env: ShapeEnv) -> dict[str, str]:
    """Torch's names of the input sizes ("L['x'].size()[0]") and their symbols (`source_to_var`, 2.9 - 2.14)."""
    return {source: str(symbol) for source, symbol in env.source_to_var.items()}


@contextlib.contextmanager
def sizes_kept(env: ShapeEnv | None, symbols: Collection[str]) -> Iterator[dict[str, int]]:
    """While open, `symbols` may become numbers; those that did are told in the yielded dict and made symbols again.

    A symbol is a number from where `ShapeEnv.replacements` says so, also after the capture, when the environment is
    frozen. What was computed from the replacements is remembered under two version counters (2.9 - 2.14).
    """
    fixed: dict[str, int] = {}
    before = dict(env.replacements) if env is not None else {}
    ranges = dict(env.var_to_range) if env is not None else {}
    yield fixed
    if env is None or len(env.replacements) == len(before):
        return
    new = {symbol: size for symbol, size in env.replacements.items() if symbol not in before}
    fixed.update({str(symbol): int(size) for symbol, size in new.items() if size.is_Integer and str(symbol) in symbols})
    if not fixed:
        return
    env.replacements.clear()
    env.replacements.update(before)
    env.var_to_range.update(ranges)
    for counter in ("_version_counter", "_replacements_version_counter"):
        if hasattr(env, counter):
            setattr(env, counter, getattr(env, counter) + 1)


def asks_truth(error: GuardOnDataDependentSymNode) -> bool:
    """Whether a decision on data that torch refuses is on the truth of a tensor, and not on a size.

    The environment that knows is `self` of `ShapeEnv.evaluate_expr` in the traceback (2.9 - 2.14).
    """
    trace = error.__traceback__
    while trace is not None:
        owner = trace.tb_frame.f_locals.get("self")
        if isinstance(owner, ShapeEnv):
            return _asks_truth(error.cond, owner)
        trace = trace.tb_next
    return False


def _asks_truth(condition: Any, env: ShapeEnv) -> bool:
    """Whether it is `u == 1` of a symbol that is 0 or 1: how the truth of a tensor is asked for (2.9 - 2.14)."""
    if not isinstance(condition, sympy.Eq) or not condition.lhs.is_Symbol or condition.rhs != 1:
        return False
    bounds = env.var_to_range.get(condition.lhs)
    return bounds is not None and bounds.lower == 0 and bounds.upper == 1
