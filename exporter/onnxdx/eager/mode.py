"""The mode in which a model is captured and run: evaluation, unless it is exported as it is."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch


@contextlib.contextmanager
def exported_mode(model: torch.nn.Module, training: bool) -> Iterator[None]:
    """The model in eval mode, unless `training` leaves it as it is; every submodule's flag is put back afterwards."""
    flags = [(module, module.training) for module in model.modules()]
    try:
        if not training:
            _evaluate(model)
        yield
    finally:
        for module, flag in flags:
            module.training = flag


def _evaluate(model: torch.nn.Module) -> None:
    """Put a model into eval mode. What torch.export has captured has one mode for good, and refuses to be asked."""
    try:
        model.eval()
    except NotImplementedError:
        for module in model.modules():
            module.training = False
