"""What cannot be captured, done with the values of the sample inputs instead, so that a stand-in goes on behind it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from onnxdx.compat.capturing import outside_of_capture
from onnxdx.compat.control_flow import control_flow_calls
from onnxdx.compat.pytree import joined, leaves_of
from onnxdx.compat.sample_tensors import captured_values, real_state, real_value, real_values
from onnxdx.user_code.provenance import SourceMap
from onnxdx.user_code.recording import StackRecorder
from onnxdx.user_code.stacks import Spot


@dataclass(frozen=True)
class Fault:
    """Something that could not be captured: what torch raised, on which stack, in which module.

    `operator` is the control flow operator that refused its operands.
    """

    error: BaseException
    spots: tuple[Spot, ...]
    module: str
    operator: str = ""


@dataclass
class SampleValues:
    """Answers in a stand-in, by the values of the sample inputs, what only values can answer.

    A call of torch that fails is made with real tensors, a module that fails is run outside of the capture, and of a
    control flow that torch refuses both branches are run in line; a fault is noted each time, unless `is_told` says
    that it is a consequence of something that is told elsewhere. `root` is the model, `scripted` are the paths of its
    modules that TorchScript compiled. `lost` says that operators of the model are missing in the graph, `constants`
    that what an answer gave is part of it, with sizes of the sample inputs, and `in_control_flow` that torch compiles a
    branch or a body right now.
    """

    root: torch.nn.Module
    recorder: StackRecorder
    sources: SourceMap
    is_told: Callable[[], bool]
    faults: list[Fault] = field(default_factory=list)
    scripted: dict[str, tuple[Spot, ...]] = field(default_factory=dict)
    outputs: list[type] = field(default_factory=list)
    lost: bool = False
    constants: bool = False
    in_control_flow: bool = False
    _depth: int = 0

    @contextlib.contextmanager
    def answering(self, know: Callable[[object], list[type]]) -> Iterator[None]:
        """While open, the capture of `root` is answered; `know` makes pytree know what it is given."""
        with contextlib.ExitStack() as stack:
            stack.enter_context(_without_scripts(self.root, self._run_script))
            for kind in {type(module) for module in self.root.modules()}:
                stack.enter_context(_replaced_forward(kind, lambda forward: self._guarded(forward, know)))
            stack.enter_context(control_flow_calls(self._control_flow))
            stack.enter_context(_Answers(self))
            yield

    def note(self, error: BaseException) -> None:
        """A fault on the stack as it is now; where the error went deeper into the user's code, there."""
        if self.is_told():
            return
        raised = self.sources.spots_of_error(error)
        deeper = self.sources.innermost_user(raised) is not None
        self.faults.append(
            Fault(error, (*self.recorder.spots(), *raised) if deeper else self.recorder.spots(), self.recorder.module())
        )

    def _guarded(self, forward: Callable[..., Any], know: Callable[[object], list[type]]) -> Callable[..., Any]:
        """`forward` of a class of modules: answered by a real run when it fails, but for that of the whole model."""

        def guarded(module: torch.nn.Module, *args: Any, **kwargs: Any) -> Any:
            outermost = self._depth == 0
            self._depth += 1
            try:
                result = forward(module, *args, **kwargs)
            except Exception as error:  # what a user's module raises under capture can be anything
                if outermost or isinstance(error, Broken):
                    raise
                result = self._real_run(error, forward, module, args, kwargs)
            finally:
                self._depth -= 1
            if outermost:
                self.outputs += know(result)
            return result

        return guarded

    def _real_run(
        self,
        error: Exception,
        forward: Callable[..., Any],
        module: torch.nn.Module,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
    ) -> Any:
        try:
            given, named = real_values((args, dict(kwargs)))
        except ValueError:
            raise error from None
        with outside_of_capture(), real_state(module):
            try:
                result = forward(module, *given, **named)
            except Exception as broken:
                raise Broken from broken
        self.note(error)
        self.lost = self.constants = True
        return captured_values(result)

    def _run_script(self, path: str, script: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        self.scripted.setdefault(path, self.recorder.spots())
        given, named = real_values((args, dict(kwargs)))
        with outside_of_capture():
            result = script(*given, **named)
        self.lost = self.constants = True
        return captured_values(result)

    def _control_flow(self, name: str, call: Callable[[], Any], operands: tuple[Any, ...]) -> Any:
        around, self.in_control_flow = self.in_control_flow, True
        try:
            return call()
        except Exception as error:
            self.in_control_flow = around
            in_line = _IN_LINE.get(name)
            if in_line is None:
                raise
            known = len(self.faults)
            result = in_line(*operands)
            if len(self.faults) == known:
                self.faults.append(Fault(error, self.recorder.spots(), self.recorder.module(), name))
            return result
        finally:
            self.in_control_flow = around

    def answer(self, error: Exception, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The result of a call that failed with `error`, by real values; raises what it raises then."""
        try:
            given, named = real_values((args, kwargs))
        except ValueError:
            raise error from None
        with outside_of_capture():
            result = func(*given, **named)
        self.note(error)
        self.constants = self.constants or not isinstance(result, (bool, int, float))
        self.lost = self.lost or any(isinstance(leaf, torch.Tensor) for leaf in leaves_of(result))
        return captured_values(result)


class Broken(Exception):
    """A module raises without any capture, too, on the values that torch knows; the cause is what it raises."""


class _Answers(TorchFunctionMode):
    """Calls of torch that a capture refuses are made with real tensors."""

    def __init__(self, values: SampleValues) -> None:
        super().__init__()
        self.values = values

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        try:
            return func(*args, **(kwargs or {}))
        except Exception as error:
            return self.values.answer(error, func, args, kwargs or {})


class _Scripted(torch.nn.Module):
    """In place of a module that TorchScript compiled, which torch.export cannot hold."""

    def __init__(self, call: Callable[..., Any]) -> None:
        super().__init__()
        object.__setattr__(self, "onnxdx_call", call)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        run: Callable[..., Any] = vars(self)["onnxdx_call"]
        return run(*args, **kwargs)


@contextlib.contextmanager
def _without_scripts(root: torch.nn.Module, run: Callable[..., Any]) -> Iterator[None]:
    """While open, `run(path, module, args, kwargs)` stands in for each outermost scripted module below `root`."""
    replaced: list[tuple[torch.nn.Module, str, torch.nn.Module]] = []

    def stand_in(path: str, script: torch.nn.Module) -> torch.nn.Module:
        return _Scripted(lambda *args, **kwargs: run(path, script, args, kwargs))

    def visit(parent: torch.nn.Module, prefix: str) -> None:
        for name, child in list(parent.named_children()):
            if isinstance(child, torch.jit.ScriptModule):
                replaced.append((parent, name, child))
                setattr(parent, name, stand_in(prefix + name, child))
            else:
                visit(child, f"{prefix}{name}.")

    try:
        if not isinstance(root, torch.jit.ScriptModule):  # whose modules cannot be exchanged
            visit(root, "")
        yield
    finally:
        for parent, name, child in replaced:
            setattr(parent, name, child)


@contextlib.contextmanager
def _replaced_forward(kind: type, change: Callable[[Callable[..., Any]], Callable[..., Any]]) -> Iterator[None]:
    """While open, `forward` of a class is what `change` makes of it, with the signature it had."""
    own = vars(kind).get("forward")
    forward = getattr(kind, "forward", None)
    if not callable(forward) or issubclass(kind, (torch.jit.ScriptModule, _Scripted)):
        yield
        return
    changed = change(forward)
    changed.__dict__["__wrapped__"] = forward
    type.__setattr__(kind, "forward", changed)
    try:
        yield
    finally:
        if own is not None:
            type.__setattr__(kind, "forward", own)
        else:
            type.__delattr__(kind, "forward")


def _cond_in_line(pred: Any, true_fn: Callable[..., Any], false_fn: Callable[..., Any], operands: Any) -> Any:
    """Both branches of torch.cond one after the other, joined where they fit."""
    with outside_of_capture():
        taken = bool(real_value(pred))
    results: dict[bool, Any] = {}
    for side, branch in ((True, true_fn), (False, false_fn)):
        try:
            results[side] = branch(*operands)
        except Exception:
            if side is taken:
                raise
    if len(results) < 2 or not isinstance(pred, torch.Tensor):
        return results[taken]
    condition = pred
    return joined(results[True], results[False], lambda one, other: torch.where(condition, one, other), taken)


def _while_loop_in_line(
    cond_fn: Callable[..., Any], body_fn: Callable[..., Any], carried: Any, additional: Any = ()
) -> Any:
    """One turn of a loop: enough to see every operator of it."""
    cond_fn(*carried, *additional)
    return body_fn(*carried, *additional)


_IN_LINE: Mapping[str, Callable[..., Any]] = {"torch.cond": _cond_in_line, "while_loop": _while_loop_in_line}
