"""Capture: the user's module becomes a graph of torch operators, by torch.export."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch

from onnxdx import dynamic_shapes
from onnxdx.provenance import SourceMap
from onnxdx.request import ExportRequest
from onnxdx.values import CapturedProgram, CaptureMode
from onnxdx_diagnostics.sink import Sink


def run(request: ExportRequest, sink: Sink) -> CapturedProgram | None:
    """The graph of the request's model, or a stand-in for it when it cannot be captured; None when there is nothing."""
    sources = SourceMap(request.root, request.call_site)
    asked = request.dynamic_shapes if request.dynamic_shapes is not None else request.options.dynamic_shapes
    with exported_mode(request.model, request.options.training), torch.no_grad():
        exported = torch.export.export(
            request.model,
            request.args,
            dict(request.kwargs),
            dynamic_shapes=dynamic_shapes.for_torch(asked),
            strict=False,
        )
    return CapturedProgram(request, exported, CaptureMode.NON_STRICT, sources)


@contextlib.contextmanager
def exported_mode(model: torch.nn.Module, training: bool) -> Iterator[None]:
    """The model in eval mode, unless `training` leaves it as it is; every submodule's flag is put back afterwards."""
    if training:
        yield
        return
    flags = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, flag in flags:
            module.training = flag
