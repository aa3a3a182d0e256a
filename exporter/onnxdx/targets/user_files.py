"""Python files of the user: run as modules, and what goes wrong in them found on the user's line."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import linecache
import re
import sys
from collections.abc import Set
from dataclasses import replace
from pathlib import Path
from types import ModuleType

from onnxdx.user_code.provenance import TARGET_PREFIX, SourceMap
from onnxdx_diagnostics import source
from onnxdx_diagnostics.finding import Frame, Location, Site

_LONGEST_TEXT = 300

_RUN: dict[str, ModuleType] = {}
"""The modules that came from a file target, by the name they were given."""


def _module_name(path: Path) -> str:
    """The file's own name, as if it were imported; a private one where that would hide another module."""
    name = re.sub(r"\W", "_", path.stem)
    known = sys.modules.get(name)
    if known is not None:
        return name if known is _RUN.get(name) else f"{TARGET_PREFIX}{name}"
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        spec = None
    is_other = spec is not None and (spec.origin is None or Path(spec.origin).resolve() != path)
    return f"{TARGET_PREFIX}{name}" if is_other else name


def run_file(path: Path) -> ModuleType:
    """The module of a Python file, run anew; the file's folder becomes importable, as for a script.

    When it raises, what it gave before stays.
    """
    name = _module_name(path)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    before = sys.modules.get(name), _RUN.get(name)
    sys.modules[name] = _RUN[name] = module
    try:
        if before[0] is not None and isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            # compiled anew: the loader takes a file for unchanged that has the second and the size it had
            linecache.checkcache(str(path))
            exec(spec.loader.source_to_code(spec.loader.get_data(str(path)), str(path)), vars(module))
        else:
            spec.loader.exec_module(module)
    except BaseException:
        for modules, known in zip((sys.modules, _RUN), before, strict=True):
            if known is None:
                del modules[name]
            else:
                modules[name] = known
        raise
    return module


def already_run(path: Path) -> ModuleType | None:
    """The module that a file has given before."""
    return next((module for module in _RUN.values() if module.__file__ == str(path)), None)


def site_of(error: BaseException, root: str, files: Set[str], fallback: Location | None = None) -> Site:
    """The user's line that an error comes from; `files` are the user's wherever they lie, `root` holds all others."""
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return Site(location=_syntax_location(error))
    site = SourceMap(root, fallback, frozenset(files)).site_of_error(error)
    return replace(site, stack=_from_first_user_frame(site.stack))


def said(error: BaseException) -> str:
    """What an error says, in one line that is not too long; empty when it says nothing."""
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= _LONGEST_TEXT else line[:_LONGEST_TEXT].rstrip() + "..."


def _syntax_location(error: SyntaxError) -> Location:
    path, line = error.filename or "", error.lineno or 1
    column = max(error.offset or 1, 1)
    end_line = max(getattr(error, "end_lineno", None) or line, line)
    end = getattr(error, "end_offset", None) or 0
    if end_line == line and end <= column:
        end = column + 1
    return Location(path, line, column, end_line, end, source.lines_of(path, line, end_line))


def _from_first_user_frame(stack: tuple[Frame, ...]) -> tuple[Frame, ...]:
    first = next((index for index, frame in enumerate(stack) if frame.user), 0)
    return stack[first:]
