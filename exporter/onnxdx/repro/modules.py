"""A module of the user's model as source: made again without its constructor, with weights of the same kind.

What a constructor was given is not known any more, but what it left behind is: plain attributes, parameters, buffers
and modules. Modules of torch that can be made from what they print are written so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from onnxdx.repro.literals import NoSource, fields_of, installed_name, literal
from onnxdx.repro.sources import Sources

BARE = '''
def bare(kind, **attributes):
    """A module of this class without its constructor, with the attributes that the constructor left."""
    module = kind.__new__(kind)
    torch.nn.Module.__init__(module)
    for name, value in attributes.items():
        setattr(module, name, value)
    return module
'''
_OWN = frozenset(torch.nn.Module().__dict__)
_HOOKS = tuple(name for name in _OWN if name.endswith("_hooks"))


@dataclass
class Rebuilt:
    """The statements that make one module again, and the names of everything in it. Raises NoSource."""

    sources: Sources
    imports: dict[str, None] = field(default_factory=dict)
    rows: list[str] = field(default_factory=list)
    bare: bool = False
    _known: dict[int, str] = field(default_factory=dict)

    def module(self, module: torch.nn.Module, name: str) -> str:
        """The variable that holds the module made again; `name` is what to call it."""
        if id(module) in self._known:
            return self._known[id(module)]
        self._known[id(module)] = name
        printed = _printed(module)
        if printed:
            self.rows.append(f"{name} = {printed}")
            return name
        self._refuse(module)
        children = {
            key: self.module(child, f"{name}_{_identifier(key)}") for key, child in module._modules.items() if child
        }
        self.rows.append(f"{name} = {self._made(module)}")
        for key, parameter in module._parameters.items():
            self._parameter(name, key, parameter)
        for key, buffer in module._buffers.items():
            kept = "" if key not in module._non_persistent_buffers_set else ", persistent=False"
            self.rows.append(f'{name}.register_buffer("{key}", {literal(buffer)}{kept})')
        for key in module._modules:
            self.rows.append(f'{name}.add_module("{key}", {children.get(key)})')
        if not module.training:
            return name
        self.rows.append(f"{name}.training = True")
        return name

    def value(self, value: Any) -> str:
        """An argument or attribute as an expression."""
        return literal(value, self._object)

    def _settings(self, configuration: Any) -> Iterator[str]:
        """What differs from the defaults of a configuration, as keyword arguments."""
        plain = type(configuration)().to_dict()
        for name, value in configuration.to_diff_dict().items():
            if name not in ("model_type", "transformers_version") and (name not in plain or plain[name] != value):
                yield f"{name}={self.value(value)}"

    def _made(self, module: torch.nn.Module) -> str:
        kind = type(module)
        plain = {name: value for name, value in vars(module).items() if name not in _OWN}
        if not plain and kind in (
            torch.nn.ModuleList,
            torch.nn.ModuleDict,
            torch.nn.Sequential,
            torch.nn.ParameterList,
        ):
            return f"{installed_name(kind)}()"
        self.bare = True
        written = {name: self.value(value) for name, value in plain.items()}
        direct = "".join(f", {name}={text}" for name, text in written.items() if name.isidentifier())
        return f"bare({self._class(kind)}{direct})"

    def _parameter(self, owner: str, key: str, parameter: torch.nn.Parameter | None) -> None:
        if parameter is not None and id(parameter) in self._known:
            made = self._known[id(parameter)]
        elif parameter is None:
            made = "None"
        else:
            self._known[id(parameter)] = f"{owner}.{key}"
            grad = "" if parameter.requires_grad else ", requires_grad=False"
            made = f"torch.nn.Parameter({literal(parameter)}{grad})"
        self.rows.append(f'{owner}.register_parameter("{key}", {made})')

    def _refuse(self, module: torch.nn.Module) -> None:
        if isinstance(module, torch.jit.ScriptModule):
            raise NoSource("a module that TorchScript has compiled")
        if any(getattr(module, name, None) for name in _HOOKS):
            raise NoSource(f"the hooks of a `{type(module).__name__}`")

    def _class(self, kind: type) -> str:
        installed = installed_name(kind)
        if installed:
            return installed
        if self.sources.is_users(kind):
            return self.sources.take(kind)
        if "<" in kind.__qualname__:
            raise NoSource(f"`{kind.__qualname__}`, which is defined inside of a function")
        self.imports[f"import {kind.__module__}"] = None
        return f"{kind.__module__}.{kind.__qualname__}"

    def _object(self, value: Any) -> str:
        if isinstance(value, torch.nn.Module):
            if id(value) in self._known:
                return self._known[id(value)]
            return self.module(value, f"held_{len(self._known)}")
        if isinstance(value, type) or (callable(value) and hasattr(value, "__qualname__")):
            if getattr(value, "__self__", None) is not None:
                raise NoSource(f"the method `{value.__qualname__}`")
            return self._class(value)
        kind = type(value)
        if hasattr(value, "to_diff_dict"):  # a configuration of transformers
            return f"{self._class(kind)}({', '.join(self._settings(value))})"
        given = fields_of(value)
        if given is None:
            raise NoSource(f"a value of type `{kind.__qualname__}`")
        if set(given) == {"value"}:
            return f"{self._class(kind)}({self.value(given['value'])})"
        return f"{self._class(kind)}({', '.join(f'{name}={self.value(item)}' for name, item in given.items())})"


def _printed(module: torch.nn.Module) -> str:
    """A module of torch as the call that it prints, when that call makes it; empty otherwise."""
    kind = type(module)
    if module._modules or not installed_name(kind) or not kind.__module__.startswith("torch.nn.modules"):
        return ""
    if any(getattr(module, name, None) for name in _HOOKS):
        return ""
    call = f"torch.nn.{module!r}"
    try:
        again = eval(call, {"torch": torch})  # what torch's own module prints of itself
    except Exception:  # most print what they are for, not how they are made
        return ""
    return call + (".eval()" if not module.training else "") if _same_kind(module, again) else ""


def _same_kind(one: torch.nn.Module, other: object) -> bool:
    if type(other) is not type(one) or not isinstance(other, torch.nn.Module):
        return False
    shapes = [{name: (tuple(t.shape), t.dtype) for name, t in m.state_dict().items()} for m in (one, other)]
    plain = [{name: v for name, v in vars(m).items() if name not in _OWN} for m in (one, other)]
    return shapes[0] == shapes[1] and bool(repr(plain[0]) == repr(plain[1]))


def _identifier(key: str) -> str:
    return key if key.isidentifier() else f"m{''.join(c if c.isalnum() else '_' for c in key)}"


@dataclass(frozen=True)
class Call:
    """What a module was called with, as expressions."""

    args: tuple[str, ...]
    kwargs: Mapping[str, str]


def recorded_calls(model: torch.nn.Module, paths: set[str], run: Any, write: Any) -> dict[str, Call | NoSource]:
    """The first call of each module at `paths`, while `run()` runs the model. `write` writes a value."""
    calls: dict[str, Call | NoSource] = {}
    handles = []
    for path in paths:

        def keep(module: torch.nn.Module, args: Any, kwargs: Any, path: str = path) -> None:
            if path in calls:
                return
            try:
                calls[path] = Call(tuple(map(write, args)), {name: write(item) for name, item in kwargs.items()})
            except NoSource as reason:
                calls[path] = reason

        handles.append(model.get_submodule(path).register_forward_pre_hook(keep, with_kwargs=True))
    try:
        run()
    finally:
        for handle in handles:
            handle.remove()
    return calls
