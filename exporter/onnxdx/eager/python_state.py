"""The Python state around a model that a graph cannot hold: what a call changes of it, and how it was before."""

from __future__ import annotations

import collections
import contextlib
import functools
import inspect
import itertools
import pickle
import random
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
import torch

_DEPTH = 4
_LARGEST = 4096
"""Containers with more items than this hold data, not state."""

_OF_TORCH = frozenset(vars(torch.nn.Module())) | {"_is_full_backward_hook"}
"""Attributes that torch keeps in every module; buffers and parameters are state that torch.export knows of."""

_HOOKS = tuple(name for name in sorted(_OF_TORCH) if re.fullmatch(r"_forward_(pre_)?hooks\w*", name))
"""The attributes of a module that hold what is called with it."""

_ATOMS = (int, float, complex, str, bytes, bool, type(None))


@dataclass(frozen=True)
class Change:
    """One thing that a call has changed: `label` is its name in the user's code ("calls", "blocks.0.history").

    `module` is the path of the module that holds it, None for state outside the model. `set` gives it another value,
    `stands` says whether it is other than it was.
    """

    label: str
    module: str | None
    before: Any
    after: Any
    set: Callable[[Any], None] = field(compare=False, repr=False)
    stands: Callable[[], bool] = field(compare=False, repr=False)

    @property
    def is_tensor(self) -> bool:
        """Whether an attribute of a module itself, and not of an object that it holds, was set to a tensor."""
        return isinstance(self.after, torch.Tensor) and self.label.rpartition(".")[0] == self.module

    @property
    def is_random(self) -> bool:
        """Whether it is the state of a generator of random numbers."""
        return isinstance(self.after, _Drawn)


@dataclass(frozen=True)
class _Drawn:
    """The state of a generator of random numbers, as text or numbers that can be compared."""

    state: Any


class PythonState:
    """Attributes of modules, globals and class attributes of the user's files, and generators of random numbers.

    Torch's own modules keep no state in attributes and are left out.

    `is_user` says which files are the user's. The state is that of the moment the object was made.
    """

    def __init__(self, model: torch.nn.Module, is_user: Callable[[str], bool]) -> None:
        self._is_user = is_user
        self._seen: set[int] = set()
        self._cells: list[_Cell] = []
        self._caches: dict[int, tuple[Any, int]] = {}
        self.namespaces: list[dict[str, Any]] = []
        """The globals of the user's files that the model is written in."""
        for path, module in model.named_modules():
            for name in _HOOKS:
                self._add(_Hooks(f"{_joined(path)}{name}", path, vars(module)[name]), _DEPTH)
            if not type(module).__module__.startswith("torch.nn.modules."):
                self._add(_Attributes(_joined(path), path, vars(module), skipped=_OF_TORCH), 0)
        for names in namespaces_of(model, is_user):
            self.namespaces.append(names)
            self._add(_Attributes("", None, names), 1)
        self._add(_Generator("random", None, random, random.getstate, random.setstate), 0)
        self._add(_Generator("numpy.random", None, np.random, np.random.get_state, np.random.set_state), 0)

    def changes(self) -> list[Change]:
        """What is not as it was."""
        return [change for cell in self._cells for change in cell.changes()]

    def restore(self) -> None:
        """Everything as it was. A cache of a function that was filled since is emptied."""
        for cell in self._cells:
            cell.restore()
        for cached, misses in self._caches.values():
            if cached.cache_info().misses != misses:
                cached.cache_clear()

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Puts everything back at the end."""
        try:
            yield
        finally:
            self.restore()

    def _add(self, cell: _Cell, depth: int) -> None:
        if id(cell.subject) in self._seen:
            return
        self._seen.add(id(cell.subject))
        self._cells.append(cell)
        if depth < _DEPTH:
            for label, value in cell.parts():
                self._visit(label, cell.module, value, depth + 1)

    def _visit(self, label: str, module: str | None, value: Any, depth: int) -> None:
        if isinstance(value, (*_ATOMS, torch.Tensor, ModuleType, FunctionType)) or id(value) in self._seen:
            return
        match value:
            case torch.nn.Module():
                for path, inner in value.named_modules(prefix=label):
                    self._add(_Attributes(_joined(path), module, vars(inner), skipped=_OF_TORCH), depth)
            case random.Random():
                self._add(_Generator(label, module, value, value.getstate, value.setstate), depth)
            case np.random.Generator():
                bits = value.bit_generator
                self._add(_Generator(label, module, value, lambda: bits.state, _setter(bits)), depth)
            case list() | dict() | set() | collections.deque():
                if len(value) <= _LARGEST:
                    self._add(_Container(label, module, value), depth)
            case tuple():
                for index, part in enumerate(value[:16]):
                    self._visit(f"{label}[{index}]", module, part, depth + 1)
            case type():
                if self._is_users_class(value):
                    self._add(_ClassAttributes(value), depth)
            case _ if hasattr(value, "cache_info") and hasattr(value, "cache_clear"):
                self._caches[id(value)] = (value, value.cache_info().misses)
            case _ if self._is_users_class(type(value)) and isinstance(getattr(value, "__dict__", None), dict):
                self._add(_Attributes(f"{label}.", module, vars(value)), depth)

    def _is_users_class(self, cls: type) -> bool:
        home = sys.modules.get(cls.__module__)
        path = getattr(home, "__file__", None)
        return bool(path and self._is_user(path)) or _names_around(cls, self._is_user) is not None


def namespaces_of(model: torch.nn.Module, is_user: Callable[[str], bool]) -> list[dict[str, Any]]:
    """The globals of the user's files that hold the classes of the modules, and of those that they import."""
    classes = {cls for module in model.modules() for cls in type(module).__mro__}
    queue = [names for cls in classes if (names := _names_around(cls, is_user)) is not None]
    known: dict[int, dict[str, Any]] = {}
    for names in queue:
        if id(names) in known:
            continue
        known[id(names)] = names
        for value in list(names.values()):
            if isinstance(value, ModuleType) and is_user(getattr(value, "__file__", None) or ""):
                queue.append(vars(value))
            elif isinstance(value, FunctionType) and is_user(value.__code__.co_filename):
                queue.append(value.__globals__)
    return list(known.values())


def _names_around(cls: type, is_user: Callable[[str], bool]) -> dict[str, Any] | None:
    methods = [inspect.unwrap(value) for value in vars(cls).values() if isinstance(value, FunctionType)]
    # what a method wraps may be a function of C
    own = [each for each in methods if isinstance(each, FunctionType) and is_user(each.__code__.co_filename)]
    return own[0].__globals__ if own else None


def _joined(path: str) -> str:
    return f"{path}." if path else ""


def _setter(bits: Any) -> Callable[[Any], None]:
    return lambda state: setattr(bits, "state", state)


class _Cell:
    """A thing that can change: its name, the module it belongs to, and what it held when the cell was made."""

    def __init__(self, label: str, module: str | None, subject: Any) -> None:
        self.label, self.module, self.subject = label, module, subject

    def parts(self) -> Iterator[tuple[str, Any]]:
        return iter(())

    def changes(self) -> Iterator[Change]:
        raise NotImplementedError

    def restore(self) -> None:
        raise NotImplementedError


MISSING = object()
"""The value of a name that is not there."""


class _Attributes(_Cell):
    """The names in a namespace: attributes of a module or an object, or globals. `label` is the prefix of the names."""

    def __init__(
        self, label: str, module: str | None, names: dict[str, Any], skipped: frozenset[str] = frozenset()
    ) -> None:
        super().__init__(label, module, names)
        self.skipped = skipped
        self.before = dict(names)
        self.counts = {name: repr(value) for name, value in names.items() if isinstance(value, itertools.count)}

    def parts(self) -> Iterator[tuple[str, Any]]:
        return ((self.label + name, value) for name, value in self.before.items() if self._counts(name))

    def changes(self) -> Iterator[Change]:
        now = self.now()
        for name in [*now, *(name for name in self.before if name not in now)]:
            if self._counts(name) and self.differs(name):
                before, after = self.before.get(name, MISSING), now.get(name, MISSING)
                shown = self.counts.get(name)
                if shown is not None and before is after:
                    before, after = _counter(shown), _counter(repr(after))
                write, stands = functools.partial(self.write, name), functools.partial(self.differs, name)
                yield Change(self.label + name, self.module, before, after, write, stands)

    def differs(self, name: str) -> bool:
        before, after = self.before.get(name, MISSING), self.now().get(name, MISSING)
        if before is after:
            return name in self.counts and repr(after) != self.counts[name]
        return not _same(before, after)

    def restore(self) -> None:
        for change in list(self.changes()):
            change.set(change.before)
        self.before.update({name: self.now()[name] for name in self.counts})

    def now(self) -> Mapping[str, Any]:
        names: dict[str, Any] = self.subject
        return names

    def write(self, name: str, value: Any) -> None:
        if value is MISSING:
            self.subject.pop(name, None)
        else:
            self.subject[name] = value

    def _counts(self, name: str) -> bool:
        return name not in self.skipped and not name.startswith("__")


class _ClassAttributes(_Attributes):
    """The attributes of a class."""

    def __init__(self, cls: type) -> None:
        super().__init__(f"{cls.__name__}.", None, dict(vars(cls)))
        self.cls = cls

        self.subject = cls

    def now(self) -> Mapping[str, Any]:
        return vars(self.cls)

    def write(self, name: str, value: Any) -> None:
        if value is MISSING:
            type.__delattr__(self.cls, name)
        else:
            type.__setattr__(self.cls, name, value)


class _Container(_Cell):
    """The items of a list, dict, set or deque."""

    def __init__(self, label: str, module: str | None, subject: Any) -> None:
        super().__init__(label, module, subject)
        self.before = _content(subject)

    def parts(self) -> Iterator[tuple[str, Any]]:
        values = self.subject.values() if isinstance(self.subject, dict) else self.subject
        return ((self.label, value) for value in values)

    def changes(self) -> Iterator[Change]:
        if self.differs():
            yield Change(self.label, self.module, self.before, _content(self.subject), self.write, self.differs)

    def differs(self) -> bool:
        now = _content(self.subject)
        return len(now) != len(self.before) or not all(map(_same, now, self.before))

    def restore(self) -> None:
        for change in list(self.changes()):
            self.write(change.before)

    def write(self, content: list[Any]) -> None:
        self.subject.clear()
        if isinstance(self.subject, (list, collections.deque)):
            self.subject.extend(content)
        else:
            self.subject.update(content)


class _Hooks(_Container):
    """Hooks of a module. A call that adds some, and notes in an attribute that it has, is put back whole; none of it is
    told: what the hooks do is."""

    def changes(self) -> Iterator[Change]:
        return iter(())

    def restore(self) -> None:
        if self.differs():
            self.write(self.before)


class _Generator(_Cell):
    """A generator of random numbers."""

    def __init__(
        self, label: str, module: str | None, subject: Any, read: Callable[[], Any], write: Callable[[Any], None]
    ) -> None:
        super().__init__(label, module, subject)
        self.read, self.restate = read, write
        self.before = read()

    def changes(self) -> Iterator[Change]:
        if self.differs():
            yield Change(self.label, self.module, _Drawn(self.before), _Drawn(self.read()), self.write, self.differs)

    def differs(self) -> bool:
        return pickle.dumps(self.read()) != pickle.dumps(self.before)

    def restore(self) -> None:
        self.restate(self.before)

    def write(self, drawn: Any) -> None:
        self.restate(drawn.state)


def _counter(shown: str) -> itertools.count[int]:
    """The counter that `repr` shows as "count(3)" or "count(3, 2)"."""
    return itertools.count(*map(int, re.findall(r"-?\d+", shown)))


def _content(container: Any) -> list[Any]:
    return list(container.items()) if isinstance(container, dict) else list(container)


def _same(one: Any, other: Any) -> bool:
    """Whether two values are one, as far as that can be told without running the user's `__eq__`."""
    if one is other:
        return True
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    return type(one) is type(other) and isinstance(one, _ATOMS) and bool(one == other)
