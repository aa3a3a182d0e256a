"""Whose code a file is: the user's own, or that of torch, onnxdx, the interpreter or an installed package."""

from __future__ import annotations

import functools
import importlib.util
import os
import sysconfig
from collections.abc import Collection

import onnxdx_diagnostics


def is_user(path: str, root: str, also: Collection[str] = ()) -> bool:
    """Whether `path` is the user's own code. `root` is the project root; files in `also` count wherever they lie."""
    full = os.path.realpath(path)
    if path in also or full in also:
        return True
    if not path or path.startswith("<") or _is_own(path):
        return False
    project = os.path.realpath(root) if root else ""
    if project and inside(full, project):
        return not is_installed(os.path.relpath(full, project))
    return not is_installed(full) and not is_machinery(path)


@functools.lru_cache(maxsize=4096)
def is_machinery(path: str) -> bool:
    """Whether a file belongs to torch, onnxdx or the interpreter, or is no file at all."""
    if not path or path.startswith("<") or _is_own(path):
        return True
    full = os.path.realpath(path)
    return not is_installed(full) and any(inside(full, folder) for folder in _LIBRARY_FOLDERS)


def is_installed(path: str) -> bool:
    """Whether `path` lies in a folder of installed packages."""
    return any(part in ("site-packages", "dist-packages") for part in path.split(os.sep))


def inside(path: str, folder: str) -> bool:
    """Whether `path` is `folder` or lies in it; both are full paths."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _is_own(path: str) -> bool:
    full = os.path.realpath(path)
    return any(inside(full, folder) for folder in _own_folders())


@functools.cache
def _own_folders() -> tuple[str, ...]:
    """Found without an import: what is read here must not cost the start of torch."""
    specs = (importlib.util.find_spec(name) for name in ("torch", "onnxdx", "onnxdx_tui"))
    files = [spec.origin for spec in specs if spec is not None and spec.origin]
    return tuple(os.path.dirname(os.path.realpath(file)) for file in (*files, onnxdx_diagnostics.__file__))


_LIBRARY_FOLDERS = tuple({os.path.realpath(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")})
