"""The Python face: `export`, and `dynamo_export` with the names of the exporter this project started from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from onnxdx import pipeline
from onnxdx.program import ONNXProgram
from onnxdx.request import ExportOptions, ExportRequest
from onnxdx.user_code.call_site import call_site
from onnxdx_diagnostics.finding import Location
from onnxdx_diagnostics.report import Report


class ExportError(Exception):
    """The model cannot be exported. `report` says all that is in the way; `program` is what could be translated."""

    def __init__(self, report: Report, program: ONNXProgram | None) -> None:
        super().__init__(report.target)
        self.report = report
        self.program = program

    def __str__(self) -> str:
        from onnxdx_diagnostics.render import render_text

        return render_text(self.report)


def export(
    model: torch.nn.Module,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any] | None = None,
    *,
    dynamic_shapes: Any = None,
    options: ExportOptions | None = None,
) -> ONNXProgram:
    """Export a module to ONNX and verify the result.

    `args` and `kwargs` are sample inputs as for `model(*args, **kwargs)`; `dynamic_shapes` is that of
    `torch.export.export`, with strings allowed as names of dims. A single tensor counts as `(tensor,)`.

    Raises ExportError, with the report of all that is in the way, when no complete and valid model comes out, and
    TypeError when `model` is no module.
    """
    return _export(model, args, kwargs or {}, dynamic_shapes, options or ExportOptions(), call_site(2, "export"))


def dynamo_export(
    model: torch.nn.Module, *args: Any, export_options: ExportOptions | None = None, **kwargs: Any
) -> ONNXProgram:
    """`export` by its older name: the sample inputs are given as to the model itself. Raises ExportError."""
    return _export(model, args, kwargs, None, export_options or ExportOptions(), call_site(2, "export"))


def _export(
    model: torch.nn.Module,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    dynamic_shapes: Any,
    options: ExportOptions,
    place: Location,
) -> ONNXProgram:
    if not isinstance(model, torch.nn.Module):
        raise TypeError(f"the model to export is a torch.nn.Module, not a {type(model).__name__}")
    request = ExportRequest(
        model,
        args if isinstance(args, tuple) else (args,),
        kwargs,
        dynamic_shapes if dynamic_shapes is not None else options.dynamic_shapes,
        options,
        target=type(model).__name__,
        root=project_root(place.path),
        call_site=place,
    )
    program, report = pipeline.run(request)
    if program is None or not report.exported:
        raise ExportError(report, program)
    return program


def project_root(path: str) -> str:
    """The nearest folder above `path` with a pyproject.toml or a repository; the working directory if there is none."""
    for folder in Path(path).resolve().parents:
        if (folder / "pyproject.toml").exists() or (folder / ".git").exists():
            return str(folder)
    return str(Path.cwd())
