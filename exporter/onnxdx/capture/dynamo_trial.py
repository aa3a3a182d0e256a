"""Whether dynamo can do what non-strict capture cannot, tried on one module before it is tried on the whole model.

Strict capture is the dearest way to capture, and of what it is tried for it can do little more than non-strict capture:
it fails on the same line, late in a large model. So dynamo gets that line alone: the module around it, on the arguments
of its call in eager, while the modules that it calls only give what they gave there.
"""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from onnxdx.capture.attempts import Attempts
from onnxdx.compat.capturing import called_module
from onnxdx.compat.torch_errors import GuardOnDataDependentSymNode, Unsupported, UserError
from onnxdx.eager import plain_run
from onnxdx.user_code.stacks import chain_of


@dataclass
class DynamoTrial:
    """The module around the line of `error`, with what is known of its first call in eager."""

    attempts: Attempts
    error: BaseException
    calls: list[tuple[tuple[Any, ...], Mapping[str, Any]]] = field(default_factory=list)
    results: dict[torch.nn.Module, list[Any]] = field(default_factory=dict)

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """While open, an eager run of the model tells of the call that is to be tried."""
        module = self._module()
        with contextlib.ExitStack() as stack:
            if module is not None:
                for handle in self._watched(module):
                    stack.callback(handle.remove)
            yield

    def failure(self) -> BaseException | None:
        """What dynamo raises on the line of the error; None when it may get over that line."""
        module = self._module()
        if module is None:
            return None
        with self.watching():
            ran = self.attempts.eager_run
        if not isinstance(ran, plain_run.Ran) or not self.calls or (module is self._model and not self.results):
            return None
        args, kwargs = self.calls[0]
        request = replace(self.attempts.request, model=_Call(module), args=args, kwargs=kwargs)
        with _giving({child: given[0] for child, given in self.results.items() if len(given) == 1}):
            failed = Attempts(request).capture_strictly_by_sample()
        if not isinstance(failed, BaseException) or not any(isinstance(link, _OF_DYNAMO) for link in chain_of(failed)):
            return None
        return failed if self.attempts.line_of(failed) == self.attempts.line_of(self.error) else None

    @property
    def _model(self) -> torch.nn.Module:
        return self.attempts.request.model

    def _module(self) -> torch.nn.Module | None:
        """The module whose call is the innermost around the user's line."""
        line = self.attempts.line_of(self.error)
        found = None
        for link in chain_of(self.error):
            called: torch.nn.Module | None = None
            for frame, number in traceback.walk_tb(link.__traceback__):
                called = called_module(frame) or called
                if (frame.f_code.co_filename, number) == line:
                    found = called
        ours = any(found is module for module in self._model.modules())
        return found if ours and not isinstance(found, torch.jit.ScriptModule) else None

    def _watched(self, module: torch.nn.Module) -> Iterator[Any]:
        """Hooks on the module and on those that it calls: what its first call takes, and what they give in it."""
        under_way: list[torch.nn.Module] = []

        def entered(called: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            if not self.calls:
                self.calls.append((args, kwargs))
                under_way.append(called)

        def left(called: torch.nn.Module, args: Any, output: Any) -> None:
            under_way.clear()

        def gave(called: torch.nn.Module, args: Any, output: Any) -> None:
            if under_way:
                self.results.setdefault(called, []).append(output)

        yield module.register_forward_pre_hook(entered, with_kwargs=True)
        yield module.register_forward_hook(left, always_call=True)
        for child in _called_by(module):
            yield child.register_forward_hook(gave)


_OF_DYNAMO = (Unsupported, UserError, GuardOnDataDependentSymNode)


class _Call(torch.nn.Module):
    """Calls one module, with its hooks."""

    def __init__(self, module: torch.nn.Module) -> None:
        super().__init__()
        self.training = module.training
        self.module = module

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.module(*args, **kwargs)


def _called_by(module: torch.nn.Module) -> Iterator[torch.nn.Module]:
    """The modules in a module that can be called; of lists and dicts of modules, those in them."""
    for child in module.children():
        if isinstance(child, torch.jit.ScriptModule):  # takes no hooks
            continue
        if type(child).forward is torch.nn.Module.forward:
            yield from _called_by(child)
        else:
            yield child


@contextlib.contextmanager
def _giving(results: Mapping[torch.nn.Module, Any]) -> Iterator[None]:
    """While open, these modules do nothing but give their results."""
    before = [(vars(module), dict(vars(module))) for module in results]
    try:
        for module, result in results.items():
            vars(module).update(forward=_always(result), _forward_hooks={}, _forward_pre_hooks={})
        yield
    finally:
        for now, attributes in before:
            now.clear()
            now.update(attributes)


def _always(result: Any) -> Callable[..., Any]:
    return lambda *args, **kwargs: result
