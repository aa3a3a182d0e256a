"""Layers that get their weights in the first call: told, and given them, so that the model can be captured at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch.nn.parameter import is_lazy

from onnxdx.capture import recorded_run
from onnxdx.capture.attempts import Attempts
from onnxdx.eager import plain_run
from onnxdx.user_code import capture_errors
from onnxdx.user_code.stacks import Spot
from onnxdx_diagnostics.rules.dx110_unsupported_python import UnsupportedPython

_NO_WEIGHTS = "its weights get their shape in the first call of the model, and there has been none"


def initialised(attempts: Attempts) -> Iterator[UnsupportedPython]:
    """One finding for each layer without weights, where it is called; the model has all its weights afterwards.

    Nothing is said of a model that does not run: that is told as such.
    """
    request = attempts.request
    layers = {path: module for path, module in request.model.named_modules() if _is_lazy(module)}
    if not layers:
        return
    calls: dict[str, tuple[Spot, ...]] = {}

    def watched(path: str, module: torch.nn.Module) -> Any:
        def note(_: torch.nn.Module, __: tuple[Any, ...]) -> None:
            calls.setdefault(path, attempts.recorder.spots())

        return module.register_forward_pre_hook(note, prepend=True)

    handles = [watched(path, module) for path, module in layers.items()]
    try:
        with plain_run.values_kept(request.model, request.args, request.kwargs):
            recorded_run.call_model(request)
    except (Exception, SystemExit):  # what a user's model raises can be anything; recovery tells of it
        return
    finally:
        for handle in handles:
            handle.remove()
    for path, spots in calls.items():
        site, here = capture_errors.placed(spots, attempts.sources, path)
        yield UnsupportedPython(site, here.text or path, _NO_WEIGHTS)


def _is_lazy(module: torch.nn.Module) -> bool:
    return any(map(is_lazy, (*module.parameters(recurse=False), *module.buffers(recurse=False))))
