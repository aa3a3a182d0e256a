"""What the user asked to be dynamic: checked against the inputs, put in torch.export's terms, and under which names."""

from __future__ import annotations

import contextlib
import inspect
import re
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.export import Dim, ExportedProgram
from torch.export.dynamic_shapes import AdditionalInputs, ShapesCollection

from onnxdx.compat.pytree import children_of, flat_inputs

UNBOUNDED = 2**31

_HINT = type(Dim.DYNAMIC)


@dataclass(frozen=True)
class AskedDim:
    """One dimension that was asked to be dynamic.

    `path` is the input as Python reaches it ("x", "xs[0]"), `leaf` the id of its tensor, `name` what the user called
    the dim ("" for a hint); `root` is the name a derived dim (`2 * half`) is made of. `least` and `most` are the sizes
    asked for. `loose` leaves it to torch whether the dim becomes dynamic (`Dim.AUTO`); `declared` holds torch to every
    size asked for (a named `Dim`).
    """

    path: str
    leaf: int
    axis: int
    size: int
    name: str = ""
    root: str = ""
    least: int = 0
    most: int = UNBOUNDED
    loose: bool = False
    declared: bool = False

    @property
    def shown(self) -> str:
        """How a message calls the dim: by the user's name, else as Python reads it."""
        return self.name or f"{self.path}.shape[{self.axis}]"

    @property
    def source(self) -> str:
        """How torch calls it (the keys of `ShapeEnv.source_to_var`)."""
        head, bracket, rest = self.path.partition("[")
        return f"L['{head}']{bracket}{rest}.size()[{self.axis}]"


@dataclass(frozen=True)
class Asked:
    """The dynamic shapes of one export: for torch, as a list of dims, and what does not fit the inputs.

    `misfits` are sentences about entries that do not fit; `spec` is then what does fit of it. `right` is the structure
    that fits, as Python text.
    """

    spec: Any = None
    dims: tuple[AskedDim, ...] = ()
    misfits: tuple[str, ...] = ()
    right: str = ""


def read(model: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any], spec: Any) -> Asked:
    """What `spec` asks for, for these inputs: as torch.export takes it, but strings may name dims."""
    if spec is None:
        return Asked()
    try:
        signature = inspect.signature(model.forward)
        inputs = dict(signature.bind(*args, **kwargs).arguments)
    except (TypeError, ValueError):  # the inputs do not fit `forward`: that fault is said when the model is run
        return Asked()
    plain = spec
    if isinstance(spec, (ShapesCollection, AdditionalInputs)):
        try:
            plain = _of_torch(spec, model, args, dict(kwargs))
        except (ValueError, AssertionError) as error:
            return Asked(misfits=(str(error).partition("\n")[0].rstrip("."),))
    if not plain:
        return Asked()
    extra = _keywords_of(signature)
    if extra in inputs:
        plain = _spread(plain, inputs, extra)
        inputs |= inputs.pop(extra)
    walk = _Walk()
    fitted = walk.top(inputs, plain)
    for_torch = spec if isinstance(spec, AdditionalInputs) and not walk.misfits else _mapped(fitted, _without_names)
    return Asked(for_torch, tuple(walk.dims), tuple(walk.misfits), written(fitted))


def _of_torch(spec: Any, model: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return spec.dynamic_shapes(model, args, kwargs)


@contextlib.contextmanager
def keywords_named(model: torch.nn.Module, kwargs: Mapping[str, Any]) -> Iterator[None]:
    """While open, a `forward` that takes `**kwargs` says by its signature which keywords it is called with.

    torch.export looks for the dims of such inputs under the name of the parameter first and under their own names then,
    so that no dynamic_shapes fits both.
    """
    forward = getattr(model.forward, "__func__", model.forward)
    parameters = _signature(forward)
    extra = _keywords_of(parameters) if parameters is not None else ""
    if parameters is None or not extra or not hasattr(forward, "__dict__"):
        yield
        return
    known = [each for each in parameters.parameters.values() if each.name != extra]
    names = [name for name in kwargs if name not in parameters.parameters]
    given = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in names]
    attributes: dict[str, Any] = vars(forward)
    own = attributes.get("__signature__")
    attributes["__signature__"] = parameters.replace(parameters=[*known, *given])
    try:
        yield
    finally:
        del attributes["__signature__"]
        if own is not None:
            attributes["__signature__"] = own


def _signature(function: Callable[..., Any]) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):  # a callable of C, or none
        return None


def _keywords_of(signature: inspect.Signature) -> str:
    """The name of the `**kwargs` parameter, "" without one."""
    return next((each.name for each in signature.parameters.values() if each.kind is each.VAR_KEYWORD), "")


def _spread(spec: Any, inputs: Mapping[str, Any], extra: str) -> Any:
    """`spec` with the entries of the parameter `**extra` beside those of the others, as its keywords are inputs."""
    if isinstance(spec, (tuple, list)) and len(spec) == len(inputs) and isinstance(spec[-1], (Mapping, type(None))):
        spec = dict(zip(inputs, spec, strict=True))
    if not isinstance(spec, Mapping) or not isinstance(spec.get(extra, ""), (Mapping, type(None))):
        return spec
    others = {name: entry for name, entry in spec.items() if name != extra}
    return others | (dict.fromkeys(inputs[extra]) if spec[extra] is None else dict(spec[extra]))


def relaxed(spec: Any) -> Any:
    """`spec` with every dynamic dim left to torch (`Dim.AUTO`), so that no dim can stop the capture."""
    return _mapped(spec, lambda dim: Dim.AUTO if _is_dynamic(dim) else dim)


def obtained(
    asked: Asked, exported: ExportedProgram, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> dict[AskedDim, int | torch.SymInt]:
    """The size that each asked dim has in the captured program: a number where it is fixed."""
    if not asked.dims:
        return {}
    try:
        flat = flat_inputs(exported, args, kwargs)
    except ValueError:
        return {}
    fakes = {node.name: node.meta.get("val") for node in exported.graph.nodes if node.op == "placeholder"}
    inputs = [spec.arg.name for spec in exported.graph_signature.input_specs if spec.kind.name == "USER_INPUT"]
    by_leaf: dict[int, torch.Tensor] = {}
    for value, name in zip(flat, inputs, strict=False):
        fake = fakes.get(name)
        if isinstance(value, torch.Tensor) and isinstance(fake, torch.Tensor):
            by_leaf.setdefault(id(value), fake)
    return {dim: _plain(by_leaf[dim.leaf].shape[dim.axis]) for dim in asked.dims if dim.leaf in by_leaf}


def _plain(size: int | torch.SymInt) -> int | torch.SymInt:
    """A symbolic size that torch has fixed since is the number."""
    return int(str(size)) if str(size).isdigit() else size


def names(sizes: Mapping[AskedDim, int | torch.SymInt]) -> dict[str, str]:
    """The name for each of torch's symbols: the user's own, else one made of the input and the axis."""
    found: dict[str, str] = {}
    for dim, size in sorted(sizes.items(), key=lambda item: not item[0].name):
        symbols = _SYMBOL.findall(str(size)) if isinstance(size, torch.SymInt) else []
        if len(symbols) != 1:
            continue
        if dim.root:
            found[symbols[0]] = dim.root
        elif str(size) == symbols[0]:
            found.setdefault(symbols[0], dim.name or _identifier(f"{dim.path}_dim_{dim.axis}"))
    return found


def written(spec: Any) -> str:
    """A structure of dims as the Python that makes it."""
    if isinstance(spec, Mapping):
        return "{" + ", ".join(f"{_quoted(key)}: {written(value)}" for key, value in spec.items()) + "}"
    if isinstance(spec, list):
        return "[" + ", ".join(map(written, spec)) + "]"
    if isinstance(spec, tuple):
        return "(" + ", ".join(map(written, spec)) + ("," if len(spec) == 1 else "") + ")"
    if isinstance(spec, _HINT):
        return f"Dim.{spec.type.name}"
    return spec.__name__ if isinstance(spec, Dim) else _quoted(spec)


@dataclass
class _Walk:
    """Goes through inputs and spec side by side, notes dims and misfits, and gives back what fits."""

    dims: list[AskedDim] = field(default_factory=list)
    misfits: list[str] = field(default_factory=list)

    def top(self, inputs: dict[str, Any], spec: Any) -> dict[str, Any]:
        if isinstance(spec, Mapping):
            self._keys("", spec, inputs)
            return {name: self._at(name, value, spec.get(name)) for name, value in inputs.items()}
        if not isinstance(spec, (tuple, list)):
            self.misfits.append(f"`dynamic_shapes` is {_kind(spec)}, not a dict or a tuple")
            return {name: _nothing(value) for name, value in inputs.items()}
        if len(spec) != len(inputs):
            self.misfits.append(f"`dynamic_shapes` has {_count(len(spec), 'entry', 'entries')} for {_inputs(inputs)}")
        entries = [*spec, *[None] * (len(inputs) - len(spec))]
        return {
            name: self._at(name, value, entry) for (name, value), entry in zip(inputs.items(), entries, strict=False)
        }

    def _at(self, path: str, value: Any, spec: Any) -> Any:
        if spec is None:
            return _nothing(value)
        if isinstance(value, torch.Tensor):
            return self._tensor(path, value, spec)
        if isinstance(value, Mapping):
            if not isinstance(spec, Mapping):
                return self._misfit(path, value, spec)
            self._keys(path, spec, value)
            entries = {key: self._at(f"{path}[{key!r}]", inner, spec.get(key)) for key, inner in value.items()}
            return _like(value, entries)
        children = list(value) if isinstance(value, (list, tuple)) else children_of(value)
        if children is not None:
            if not isinstance(spec, (list, tuple)) or len(spec) != len(children):
                return self._misfit(path, value, spec)
            parts = [self._at(f"{path}[{index}]", *pair) for index, pair in enumerate(zip(children, spec, strict=True))]
            return _filled(value, parts)
        if isinstance(value, int) and not isinstance(value, bool) and isinstance(spec, _HINT):
            return spec
        return self._misfit(path, value, spec)

    def _tensor(self, path: str, value: torch.Tensor, spec: Any) -> Any:
        if isinstance(spec, Mapping):
            entries = list(spec.items())
        elif isinstance(spec, (list, tuple)) and len(spec) == value.dim():
            entries = list(enumerate(spec))
        else:
            return self._misfit(path, value, spec)
        fitted: dict[int, Any] = {}
        for axis, dim in entries:
            if not isinstance(axis, int) or not -value.dim() <= axis < value.dim():
                self.misfits.append(f"`{path}` of shape {tuple(value.shape)} has no axis {axis!r}")
                continue
            place = axis % value.dim()
            kept = self._dim(path, value, place, dim)
            if kept is not None:
                fitted[place] = kept
        return fitted or None

    def _dim(self, path: str, value: torch.Tensor, axis: int, dim: Any) -> Any:
        size = int(value.shape[axis])
        where = f"axis {axis} of `{path}`"
        if dim is None or dim is Dim.STATIC or dim == size:
            return None
        if isinstance(dim, int):
            self.misfits.append(f"{where} has size {size}, not {dim}")
            return None
        if not _is_dynamic(dim):
            self.misfits.append(f"{dim!r} on {where} is not a dim; a dim is a name, a `Dim`, an int or None")
            return None
        asked = _asked(path, value, axis, dim)
        if not asked.least <= size <= asked.most:
            bounds = f"at least {asked.least}" if size < asked.least else f"at most {asked.most}"
            self.misfits.append(f"`{asked.shown}` is declared as {bounds}, but {where} has size {size}")
            return None
        twin = next((each for each in self.dims if each.declared and each.name == asked.name), None)
        if asked.declared and twin is not None and twin.size != size:
            there = f"axis {twin.axis} of `{twin.path}`"
            self.misfits.append(f"`{asked.name}` is {twin.size} on {there}, but {size} on {where}")
            return None
        self.dims.append(asked)
        return dim

    def _keys(self, path: str, spec: Mapping[Any, Any], value: Mapping[Any, Any]) -> None:
        under = f" of `{path}`" if path else ""
        missing = [f"`{key}`" for key in value if key not in spec]
        self.misfits += [f"`{key}` is no {'key' + under if path else 'input'}" for key in spec if key not in value]
        if missing:
            what = "key" if path else "input"
            plural, verb = ("", "has") if len(missing) == 1 else ("s", "have")
            self.misfits.append(f"{what}{plural} {_listed(missing)}{under} {verb} no entry")

    def _misfit(self, path: str, value: Any, spec: Any) -> Any:
        self.misfits.append(f"`{path}` is {_kind(value)}, but its entry is {_kind(spec)}")
        return _nothing(value)


_SYMBOL = re.compile(r"\b[a-z]+\d+\b")


def _nothing(value: Any) -> Any:
    """The entry for an input without a dynamic dim: torch wants None for each leaf, not for a whole container."""
    if isinstance(value, Mapping):
        return _like(value, {key: _nothing(inner) for key, inner in value.items()})
    children = list(value) if isinstance(value, (list, tuple)) else children_of(value)
    if children is None or isinstance(value, torch.Tensor):
        return None
    return _filled(value, [_nothing(child) for child in children])


def _like(value: Mapping[Any, Any], entries: dict[Any, Any]) -> Mapping[Any, Any]:
    if isinstance(value, defaultdict):
        return defaultdict(value.default_factory, entries)
    return OrderedDict(entries) if isinstance(value, OrderedDict) else entries


def _filled(value: Any, parts: list[Any]) -> Any:
    """`parts` in the container that torch expects for `value`: of its type, or a list for a registered class."""
    if not isinstance(value, (list, tuple)):
        return parts
    return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)


def _asked(path: str, value: torch.Tensor, axis: int, dim: Any) -> AskedDim:
    size = int(value.shape[axis])
    if isinstance(dim, str):
        return AskedDim(path, id(value), axis, size, dim)
    if isinstance(dim, _HINT):
        bounds = (dim.min or 0, UNBOUNDED if dim.max is None else dim.max)
        return AskedDim(path, id(value), axis, size, "", "", *bounds, loose=dim.type.name == "AUTO")
    root = getattr(dim, "root", None)
    if root is not None:
        return AskedDim(path, id(value), axis, size, dim.__name__, root.__name__, declared=True)
    most = UNBOUNDED if dim.max > UNBOUNDED else int(dim.max)
    return AskedDim(path, id(value), axis, size, dim.__name__, "", int(dim.min), most, declared=True)


def _is_dynamic(dim: Any) -> bool:
    if isinstance(dim, _HINT):
        return bool(dim.type.name != "STATIC")
    return isinstance(dim, (str, Dim)) and not isinstance(getattr(dim, "value", None), int)


def _without_names(dim: Any) -> Any:
    return Dim.DYNAMIC if isinstance(dim, str) else dim


def _mapped(spec: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(spec, Mapping):
        changed = {key: _mapped(value, change) for key, value in spec.items()}
        return OrderedDict(changed) if isinstance(spec, OrderedDict) else changed
    if isinstance(spec, (list, tuple)):
        parts = [_mapped(value, change) for value in spec]
        return type(spec)(*parts) if hasattr(spec, "_fields") else type(spec)(parts)
    return change(spec)


def _identifier(text: str) -> str:
    return re.sub(r"\W+", "_", text)


def _quoted(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _kind(value: Any) -> str:
    if value is None:
        return "None"
    if isinstance(value, torch.Tensor):
        return f"a tensor with {_count(value.dim(), 'axis', 'axes')}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"a {type(value).__name__} of {len(value)}"
    return f"{'an' if type(value).__name__[0] in 'aeiou' else 'a'} {type(value).__name__}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _inputs(inputs: Mapping[str, Any]) -> str:
    return _count(len(inputs), "input", "inputs")


def _listed(items: Sequence[str]) -> str:
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1]
