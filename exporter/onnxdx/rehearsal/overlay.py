"""Files read as if edited: what Python imports and shows of some paths is other text, and nothing on disk changes."""

from __future__ import annotations

import ast
import importlib.machinery
import os
from collections.abc import Callable, Mapping
from typing import Any

from onnxdx_diagnostics import source
from onnxdx_diagnostics.text_file import encoded

Transform = Callable[[ast.Module, str], ast.Module]
"""Changes the syntax tree of a file before it is compiled; lines and columns stay."""


def install(texts: Mapping[str, str], wanted: Callable[[str], bool], transform: Transform) -> None:
    """Import the files of `texts` (full paths) as these texts, and let `transform` at those whose path is `wanted`.

    For a process that has not imported any of them yet, and that ends afterwards: there is no way back.
    """
    real = {os.path.realpath(path): text for path, text in texts.items()}
    source.read_as({**texts, **real})
    loader = importlib.machinery.SourceFileLoader
    read, stats, compiled = loader.get_data, loader.path_stats, loader.source_to_code

    def get_data(self: Any, path: str) -> bytes:
        text = real.get(os.path.realpath(path))
        return encoded(text) if text is not None else read(self, path)

    def path_stats(self: Any, path: str) -> Mapping[str, Any]:
        if os.path.realpath(path) in real or wanted(path):
            raise OSError("no bytecode is read or written for a file that is read as another")
        return stats(self, path)

    def source_to_code(self: Any, data: Any, path: Any, *, _optimize: int = -1) -> Any:
        if not wanted(os.fspath(path)):
            return compiled(self, data, path, _optimize=_optimize)
        tree = transform(ast.parse(data, os.fspath(path)), os.fspath(path))
        return compile(ast.fix_missing_locations(tree), path, "exec", dont_inherit=True, optimize=_optimize)

    # the class of the import system itself, since there is no list of the loaders that are made of it
    loader.get_data = get_data  # type: ignore[method-assign]
    loader.path_stats = path_stats  # type: ignore[method-assign]
    loader.source_to_code = source_to_code  # type: ignore[method-assign]
