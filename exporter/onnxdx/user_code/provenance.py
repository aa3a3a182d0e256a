"""From FX nodes and exceptions back to the user's source: which line, which module, which tensors.

Reading a stack costs little and happens only where somebody asks: a run without findings never opens a source file.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import fx

from onnxdx.graph.operators import called
from onnxdx.user_code.stacks import Spot, chain_of, is_noise, location_of, parse_stack, stacks_of
from onnxdx_diagnostics import ownership, source
from onnxdx_diagnostics.finding import Frame, Location, Site

TARGET_PREFIX = "_onnxdx_target_"
"""What the module of a target's file is called by when its own name is taken."""

_MAX_SEARCH = 32
_LONGEST = 32
"""An operand that is written longer than this is told under the name of its node."""


@dataclass(frozen=True)
class SourceMap:
    """Where the nodes and errors of one run come from.

    `root` is the project root, `call_site` the line that asked for the export, `user_files` are files that count as the
    user's wherever they lie. `stacks` gives the exact frames of stack texts (others are parsed from the text), `names`
    the user's names of torch's symbols ("s77" -> "batch"), `modules` the path of each module object by its id, `known`
    the names and values (by torch's symbols) at the spots where something was decided, `weights` the paths of
    parameters and buffers by the names of their nodes.
    """

    root: str
    call_site: Location | None
    user_files: frozenset[str] = frozenset()
    stacks: Mapping[str, tuple[Spot, ...]] = field(default_factory=dict, compare=False, repr=False)
    names: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    modules: Mapping[int, str] = field(default_factory=dict, compare=False, repr=False)
    known: Mapping[Spot, tuple[tuple[str, str], ...]] = field(default_factory=dict, compare=False, repr=False)
    weights: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    def site(self, node: fx.Node) -> Site:
        """The site of `node`: its innermost user line, or the call site when the model is wholly an installed one."""
        path, class_name = self._module(node)
        return self._site(
            self._spots_near(node),
            hint=_hint(node),
            module=path,
            module_class=class_name,
            fx_node=node.name,
            op=called(node) if node.op == "call_function" else node.op,
            values=tuple(self._values(node)),
        )

    def site_of_error(self, error: BaseException, hint: str = "") -> Site:
        """The site of an exception: the innermost user frame of the stack in its chain that knows most of them."""
        return self._site(self.spots_of_error(error), hint, module=self._module_of_error(error))

    def spots_of_error(self, error: BaseException) -> tuple[Spot, ...]:
        """The stack in the chain of an exception that has the most user frames, outermost first."""
        stacks = [stack for link in chain_of(error) for stack in stacks_of(link)]
        return max(stacks, key=lambda stack: sum(self.is_user(spot.path) for spot in stack), default=())

    def site_at(self, spots: Iterable[Spot], hint: str = "", module: str = "") -> Site:
        """The site of a stack, outermost frame first."""
        return self._site(tuple(spots), hint, module=module)

    def fallback(self) -> Site:
        """The site of a fault that has no line of its own: the line that asked for the export."""
        return Site(location=self.call_site)

    def site_of_forward(self, model: torch.nn.Module) -> Site:
        """The line that defines the model's `forward`, when that is the user's own; else the call site."""
        code = inspect.unwrap(type(model).forward).__code__
        if not self.is_user(code.co_filename):
            return self.fallback()
        return Site(source.region(code.co_filename, code.co_firstlineno), module_class=type(model).__qualname__)

    def module_path(self, node: fx.Node) -> str:
        """Dotted path of the module that called `node`; empty for the root module."""
        return self._module(node)[0]

    def _module(self, node: fx.Node) -> tuple[str, str]:
        """Dotted path and class of the innermost module call that `node` belongs to.

        In the body of a control flow operator torch knows a module by how the operator was given it, and by its id.
        """
        stack = node.meta.get("nn_module_stack")
        if not stack:
            return "", ""
        key, (path, kind) = next(reversed(stack.items()))
        class_name = kind if isinstance(kind, str) else f"{kind.__module__}.{kind.__qualname__}"
        number = key.partition("@")[0]
        known = self.modules.get(int(number)) if number.isdecimal() else None
        return dotted(path) if known is None else known, class_name.removeprefix(TARGET_PREFIX)

    def user_line(self, node: fx.Node) -> tuple[str, int] | None:
        """File and line of the innermost user frame of `node`, if it has one."""
        spot = self.user_spot(node)
        return (spot.path, spot.line) if spot else None

    def user_spot(self, node: fx.Node) -> Spot | None:
        """The innermost user frame of `node`, if it has one."""
        return self.innermost_user(self._spots(node.meta.get("stack_trace") or ""))

    def innermost_user(self, spots: Iterable[Spot]) -> Spot | None:
        """The last frame of the user's own code on a stack, outermost frame first."""
        return next((spot for spot in reversed(tuple(spots)) if self.is_user(spot.path)), None)

    def is_user(self, path: str) -> bool:
        """Whether `path` is the user's own code: not torch's, not onnxdx's, not the interpreter's, not installed."""
        known = self._user_paths.get(path)
        if known is None:
            known = self._user_paths[path] = ownership.is_user(path, self.root, self.user_files)
        return known

    def describe(self, value: object) -> str:
        """A tensor or symbolic number in short: "f32[batch, 4]", "batch + 1"; empty for anything else."""
        return self._named(described(value))

    @cached_property
    def _user_paths(self) -> dict[str, bool]:
        return {}

    @cached_property
    def _parsed(self) -> dict[str, tuple[Spot, ...]]:
        return {}

    def _spots(self, text: str) -> tuple[Spot, ...]:
        exact = self.stacks.get(text)
        if exact is not None:
            return exact
        parsed = self._parsed.get(text)
        if parsed is None:
            parsed = self._parsed[text] = tuple(parse_stack(text))
        return parsed

    def _spots_near(self, node: fx.Node) -> tuple[Spot, ...]:
        """The stack of `node`; for a node that torch inserted, that of the nearest node around it that has one."""
        seen, queue = {node}, [node]
        for nearest in queue:
            text = nearest.meta.get("stack_trace")
            if text:
                return self._spots(text)
            around = [other for other in (*nearest.users, *nearest.all_input_nodes) if other not in seen]
            seen.update(around)
            queue.extend(around)
            if len(queue) > _MAX_SEARCH:
                break
        return ()

    def _site(
        self,
        spots: tuple[Spot, ...],
        hint: str = "",
        *,
        module: str = "",
        module_class: str = "",
        fx_node: str = "",
        op: str = "",
        values: tuple[str, ...] = (),
    ) -> Site:
        spot = self.innermost_user(spots)
        shown = [each for each in spots if self.is_user(each.path) or not is_noise(each)]
        return Site(
            location=location_of(spot, hint) if spot else self.call_site,
            stack=tuple(Frame(location_of(each), each.function, self.is_user(each.path)) for each in shown),
            module=module,
            module_class=module_class,
            fx_node=fx_node,
            op=op,
            values=values or tuple(f"{name}: {self._named(text)}" for name, text in self._known_at(spot)),
        )

    def values_on(self, graph: fx.Graph, place: Location) -> tuple[str, ...]:
        """What the nodes of these lines compute with, as far as the lines themselves name it."""
        written = {".".join(chain) for chain in source.reads(place.path, place.line, place.end_line)}
        found: dict[str, str] = {}
        for node in graph.nodes:
            path, line = self.user_line(node) or ("", 0)
            if node.op != "call_function" or path != place.path or not place.line <= line <= place.end_line:
                continue
            for argument, name in self._operands(node):
                shown = self.describe(argument.meta.get("val"))
                if shown and (name != argument.name or name in written):
                    found.setdefault(name, shown)
        return tuple(f"{name}: {shown}" for name, shown in found.items())

    def sizes_at(self, spots: Iterable[Spot]) -> dict[str, str]:
        """Torch's symbols in the user's terms: the names of dims, and what the line of a stack reads of that size."""
        found = dict(self.names)
        for name, shown in self._known_at(self.innermost_user(spots)):
            sizes = shown.partition("[")[2].removesuffix("]").split(", ")
            found.setdefault(shown, name)
            for axis, size in enumerate(sizes):
                found.setdefault(size, f"{name}.shape[{axis}]")
        return found

    def _known_at(self, spot: Spot | None) -> tuple[tuple[str, str], ...]:
        return self.known.get(spot, ()) if spot else ()

    def _values(self, node: fx.Node) -> Iterator[str]:
        for argument, name in self._operands(node):
            shown = self.describe(argument.meta.get("val"))
            if shown:
                yield f"{name}: {shown}"

    def _operands(self, node: fx.Node) -> list[tuple[fx.Node, str]]:
        """What a node computes with, under the user's names; under those of the nodes where the line names none."""
        arguments = list(dict.fromkeys(node.all_input_nodes))
        weights = self._weight_names(node, arguments)
        computed = [argument for argument in arguments if argument not in weights]
        names = weights | (self._operand_names(node, computed) or {argument: argument.name for argument in computed})
        return [(argument, names[argument]) for argument in arguments if argument in names]

    def _operand_names(self, node: fx.Node, computed: list[fx.Node]) -> dict[fx.Node, str]:
        """The names that the node's line has for what it computes with, as far as they are certain."""
        spots = self._spots_near(node)
        spot = self.innermost_user(spots)
        if spot is None or not spot.column:
            return {}
        place = location_of(spot)
        written = source.operands(place)
        # What was computed on the way through the same expression has no name in it.
        inside = any(self.innermost_user(self._spots_of(argument)) == spot for argument in computed)
        direct = spots[-1] == spot or len(written) == 1
        if len(written) == len(computed) and direct and not inside:
            return {argument: name for argument, name in zip(computed, written, strict=True) if len(name) <= _LONGEST}
        read = source.names_read(place)
        inputs = [] if self.module_path(node) else [each for each in computed if each.op == "placeholder"]
        given = {argument: argument.name for argument in inputs if argument.name in read}
        return given | self._assigned_names(computed, spot, read - set(given.values()))

    def _weight_names(self, node: fx.Node, arguments: list[fx.Node]) -> dict[fx.Node, str]:
        """Parameters and buffers: `self.bias` where the line says so, else by their path in the model."""
        weights = {argument: self.weights[argument.name] for argument in arguments if argument.name in self.weights}
        spot = self.innermost_user(self._spots_near(node)) if weights else None
        chains = source.reads(spot.path, spot.line, spot.end_line) if spot else ()
        written = {".".join(chain[:end]) for chain in chains for end in range(2, len(chain) + 1)}
        prefix = f"{module}." if (module := self.module_path(node)) else ""
        own = {argument: f"self.{path.removeprefix(prefix)}" for argument, path in weights.items()}
        return {argument: own[argument] if own[argument] in written else path for argument, path in weights.items()}

    def _assigned_names(self, arguments: list[fx.Node], spot: Spot, read: frozenset[str]) -> dict[fx.Node, str]:
        """The variables of the function that these were assigned to, among those that are `read`; each for one only."""
        found: dict[str, list[fx.Node]] = {}
        for argument in arguments:
            made = self.innermost_user(self._spots_of(argument))
            if made is not None and made.column and (made.path, made.function) == (spot.path, spot.function):
                found.setdefault(source.assigned_to(location_of(made)), []).append(argument)
        return {given[0]: name for name, given in found.items() if name in read and len(given) == 1}

    def _spots_of(self, node: fx.Node) -> tuple[Spot, ...]:
        return self._spots(node.meta.get("stack_trace") or "")

    def _named(self, expression: str) -> str:
        return re.sub(r"\b[a-z]+\d+\b", lambda match: self.names.get(match[0], match[0]), expression)

    def _module_of_error(self, error: BaseException) -> str:
        """The path of the innermost module with a method on the traceback of an error."""
        found, trace = "", error.__traceback__
        while trace is not None:
            found = self.modules.get(id(trace.tb_frame.f_locals.get("self")), found)
            trace = trace.tb_next
        return found


def described(value: object) -> str:
    """A tensor or symbolic number in short, sizes by torch's names: "f32[s77, 4]"; empty for anything else."""
    if isinstance(value, torch.Tensor):
        if value.is_nested:  # its rows have sizes of their own
            return f"{short_dtype(value.dtype)}[nested]"
        return f"{short_dtype(value.dtype)}[{', '.join(map(str, value.shape))}]"
    return str(value) if isinstance(value, (torch.SymInt, torch.SymFloat, torch.SymBool)) else ""


def short_dtype(dtype: torch.dtype) -> str:
    """f32, bf16, i64, u8, c64, bool: the dtype in as few characters as stay clear."""
    name = str(dtype).removeprefix("torch.")
    for long, short in (("bfloat", "bf"), ("float", "f"), ("complex", "c"), ("uint", "u"), ("int", "i")):
        if name.startswith(long):
            return short + name[len(long) :]
    return name


def _hint(node: fx.Node) -> str:
    return called(node) if node.op == "call_function" else ""


@functools.lru_cache(maxsize=4096)
def dotted(path: str) -> str:
    """`L['self']._modules['layers'][0].lin` and `L__self__.layers.0.lin` are both `layers.0.lin`."""
    for prefix in ("L['self']", "L__self__", "_export_root", "self"):
        if path == prefix or path.startswith((prefix + ".", prefix + "[")):
            path = path[len(prefix) :]
            break
    path = re.sub(r"\._modules\b", "", path)
    path = re.sub(r"\[(['\"]?)([^'\"\]]+)\1\]", r".\2", path)
    return re.sub(r"@\d+$", "", path.lstrip("."))
