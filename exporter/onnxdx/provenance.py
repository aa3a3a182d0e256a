"""From FX nodes and exceptions back to the user's source: which line, which module, which tensors.

Reading a stack costs little and happens only where somebody asks: a run without findings never opens a source file.
"""

from __future__ import annotations

import linecache
import os
import re
import sysconfig
import traceback
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import CodeType, TracebackType
from typing import NamedTuple

import torch
from torch import fx

import onnxdx_diagnostics.finding
from onnxdx_diagnostics.finding import Frame, Location, Site

try:
    from onnxdx_diagnostics import source
except ImportError:
    source = None  # type: ignore[assignment]

_FRAME = re.compile(r'^\s*File "(?P<path>.+)", line (?P<line>\d+)(?:, in (?P<function>.*))?$')
_CARETS = re.compile(r"^\s*[~^]+(?:\s*[~^]+)*\s*$")
_STACK_IN_TEXT = re.compile(
    r"^(?:from user code:|User Stack \(most recent call last\):|User stack trace:)", re.MULTILINE
)
_MAX_SEARCH = 32


class Spot(NamedTuple):
    """One frame of a stack as torch or Python gave it. Columns are 1-based; 0 means unknown."""

    path: str
    line: int
    function: str
    column: int = 0
    end_line: int = 0
    end_column: int = 0


@dataclass(frozen=True)
class SourceMap:
    """Where the nodes and errors of one run come from.

    `root` is the project root, `call_site` the line that asked for the export, `user_files` are files that count as the
    user's wherever they lie. `stacks` gives the exact frames of stack texts (what is not in it is parsed from the
    text), `names` the user's names of torch's symbols ("s77" -> "batch").
    """

    root: str
    call_site: Location | None
    user_files: frozenset[str] = frozenset()
    stacks: Mapping[str, tuple[Spot, ...]] = field(default_factory=dict, compare=False, repr=False)
    names: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    def site(self, node: fx.Node) -> Site:
        """The site of `node`: its innermost user line, or the call site when the model is wholly an installed one."""
        path, class_name = _module(node)
        return self._site(
            self._spots_near(node),
            hint=_hint(node),
            module=path,
            module_class=class_name,
            fx_node=node.name,
            op=str(node.target) if node.op == "call_function" else node.op,
            values=tuple(self._values(node)),
        )

    def site_of_error(self, error: BaseException, hint: str = "") -> Site:
        """The site of an exception: the innermost user frame of the stack in its chain that knows most of them."""
        stacks = [stack for link in chain_of(error) for stack in _stacks_of(link)]
        best = max(stacks, key=lambda stack: sum(self.is_user(spot.path) for spot in stack), default=())
        return self._site(best, hint)

    def fallback(self) -> Site:
        """The site of a fault that has no line of its own: the line that asked for the export."""
        return Site(location=self.call_site)

    def site_at(self, spots: Iterable[Spot], hint: str = "") -> Site:
        """The site of a stack, outermost frame first."""
        return self._site(tuple(spots), hint)

    def module_path(self, node: fx.Node) -> str:
        """Dotted path of the module that called `node`; empty for the root module."""
        return _module(node)[0]

    def user_line(self, node: fx.Node) -> tuple[str, int] | None:
        """File and line of the innermost user frame of `node`, if it has one."""
        spot = self._innermost_user(self._spots(node.meta.get("stack_trace") or ""))
        return (spot.path, spot.line) if spot else None

    def is_user(self, path: str) -> bool:
        """Whether `path` is the user's own code: not torch's, not onnxdx's, not the interpreter's, not installed."""
        known = self._user_paths.get(path)
        if known is None:
            known = self._user_paths[path] = self._decide_user(path)
        return known

    @cached_property
    def _user_paths(self) -> dict[str, bool]:
        return {}

    @cached_property
    def _parsed(self) -> dict[str, tuple[Spot, ...]]:
        return {}

    def _decide_user(self, path: str) -> bool:
        if path in self.user_files:
            return True
        if not path or path.startswith("<"):
            return False
        full = os.path.realpath(path)
        if full in self.user_files:
            return True
        if any(_inside(full, folder) for folder in _OWN_FOLDERS):
            return False
        root = os.path.realpath(self.root) if self.root else ""
        if root and _inside(full, root):
            return not _installed(os.path.relpath(full, root))
        return not _installed(full) and not any(_inside(full, folder) for folder in _LIBRARY_FOLDERS)

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

    def _innermost_user(self, spots: Iterable[Spot]) -> Spot | None:
        return next((spot for spot in reversed(tuple(spots)) if self.is_user(spot.path)), None)

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
        spot = self._innermost_user(spots)
        return Site(
            location=_location(spot, hint) if spot else self.call_site,
            stack=tuple(Frame(_location(each), each.function, self.is_user(each.path)) for each in spots),
            module=module,
            module_class=module_class,
            fx_node=fx_node,
            op=op,
            values=values,
        )

    def _values(self, node: fx.Node) -> Iterator[str]:
        for argument in dict.fromkeys(node.all_input_nodes):
            shown = self.describe(argument.meta.get("val"))
            if shown:
                yield f"{argument.name}: {shown}"

    def describe(self, value: object) -> str:
        """A tensor or symbolic number in short: "f32[batch, 4]", "batch + 1"; empty for anything else."""
        if isinstance(value, torch.Tensor):
            dims = ", ".join(self._named(str(size)) for size in value.shape)
            return f"{short_dtype(value.dtype)}[{dims}]"
        if isinstance(value, (torch.SymInt, torch.SymFloat, torch.SymBool)):
            return self._named(str(value))
        return ""

    def _named(self, expression: str) -> str:
        return re.sub(r"\b[a-z]+\d+\b", lambda match: self.names.get(match[0], match[0]), expression)


def short_dtype(dtype: torch.dtype) -> str:
    """f32, bf16, i64, u8, c64, bool: the dtype in as few characters as stay clear."""
    name = str(dtype).removeprefix("torch.")
    for long, short in (("bfloat", "bf"), ("float", "f"), ("complex", "c"), ("uint", "u"), ("int", "i")):
        if name.startswith(long):
            return short + name[len(long) :]
    return name


def chain_of(error: BaseException) -> Iterator[BaseException]:
    """The error, its causes and the errors it arose from, each once."""
    seen: set[int] = set()
    queue: list[BaseException | None] = [error]
    for link in queue:
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        queue += [link.__cause__, link.__context__]


def parse_stack(text: str) -> Iterator[Spot]:
    """The frames of a stack that was formatted as text, outermost first; carets below a line become columns."""
    lines = text.splitlines()
    for index, line in enumerate(lines):
        frame = _FRAME.match(line)
        if frame is None:
            continue
        path, number = frame["path"], int(frame["line"])
        below = lines[index + 1 : index + 3]
        if len(below) < 2 or _FRAME.match(below[0]) or not _CARETS.match(below[1]):
            yield Spot(path, number, frame["function"] or "")
            continue
        shown, carets = below
        indent = len(shown) - len(shown.lstrip())
        original = linecache.getline(path, number)
        shift = len(original) - len(original.lstrip()) - indent
        start = len(carets) - len(carets.lstrip())
        yield Spot(
            path,
            number,
            frame["function"] or "",
            column=start + shift + 1,
            end_line=number,
            end_column=len(carets.rstrip()) + shift + 1,
        )


def spot_of(code: CodeType, instruction: int, line: int) -> Spot:
    """The frame that stands at byte `instruction` of `code`; exact columns since Python 3.11."""
    positions = getattr(code, "co_positions", None)
    if positions is None or instruction < 0:
        return Spot(code.co_filename, line, code.co_name)
    found = next((each for index, each in enumerate(positions()) if index == instruction // 2), None)
    if found is None or None in found:
        return Spot(code.co_filename, line, code.co_name)
    first, last, start, end = found
    text = linecache.getline(code.co_filename, first).encode()
    last_text = text if last == first else linecache.getline(code.co_filename, last).encode()
    column = len(text[:start].decode(errors="replace")) + 1
    end_column = len(last_text[:end].decode(errors="replace")) + 1
    return Spot(code.co_filename, first, code.co_name, column, last, end_column)


def _stacks_of(error: BaseException) -> Iterator[tuple[Spot, ...]]:
    for name in ("real_stack", "user_stack"):
        summary = getattr(error, name, None)
        if isinstance(summary, traceback.StackSummary):
            yield tuple(_spot_of_summary(frame) for frame in summary)
    yield tuple(_spots_of_traceback(error.__traceback__))
    text = str(error)
    start = _STACK_IN_TEXT.search(text)
    if start:
        yield tuple(parse_stack(text[start.end() :]))


def _spot_of_summary(frame: traceback.FrameSummary) -> Spot:
    line = frame.lineno or 1
    column, end_column = getattr(frame, "colno", None), getattr(frame, "end_colno", None)
    if column is None or end_column is None:
        return Spot(frame.filename, line, frame.name)
    return Spot(
        frame.filename, line, frame.name, column + 1, getattr(frame, "end_lineno", None) or line, end_column + 1
    )


def _spots_of_traceback(trace: TracebackType | None) -> Iterator[Spot]:
    while trace is not None:
        yield spot_of(trace.tb_frame.f_code, trace.tb_lasti, trace.tb_lineno)
        trace = trace.tb_next


def _location(spot: Spot, hint: str = "") -> Location:
    if not spot.column:
        if source is None:
            return Location(spot.path, spot.line, snippet=linecache.getline(spot.path, spot.line).rstrip("\n"))
        return source.region(spot.path, spot.line, hint)
    last = max(spot.line, spot.end_line)
    text = "".join(linecache.getline(spot.path, number) for number in range(spot.line, last + 1)).rstrip("\n")
    return Location(spot.path, spot.line, spot.column, last, spot.end_column, text)


def _hint(node: fx.Node) -> str:
    """The word that most likely stands in the source where `node` was called: "relu" of "aten.relu_.default"."""
    if node.op != "call_function":
        return ""
    packet = getattr(node.target, "_opname", None) or getattr(node.target, "__name__", "")
    return str(packet).strip("_")


def _module(node: fx.Node) -> tuple[str, str]:
    """Dotted path and class of the innermost module call that `node` belongs to."""
    stack = node.meta.get("nn_module_stack")
    if not stack:
        return "", ""
    path, kind = next(reversed(stack.values()))
    class_name = kind if isinstance(kind, str) else f"{kind.__module__}.{kind.__qualname__}"
    return _dotted(path), class_name


def _dotted(path: str) -> str:
    """`L['self']._modules['layers'][0].lin` and `L__self__.layers.0.lin` are both `layers.0.lin`."""
    for prefix in ("L['self']", "L__self__", "_export_root", "self"):
        if path == prefix or path.startswith((prefix + ".", prefix + "[", prefix + "_modules")):
            path = path[len(prefix) :]
            break
    path = re.sub(r"\._modules\[", "[", path)
    path = re.sub(r"\[(['\"]?)([^'\"\]]+)\1\]", r".\2", path)
    return re.sub(r"@\d+$", "", path.lstrip("."))


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _installed(path: str) -> bool:
    return any(part in ("site-packages", "dist-packages") for part in path.split(os.sep))


_OWN_FOLDERS = tuple(
    os.path.dirname(os.path.realpath(file)) for file in (torch.__file__, __file__, onnxdx_diagnostics.finding.__file__)
)
_LIBRARY_FOLDERS = tuple({os.path.realpath(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")})
