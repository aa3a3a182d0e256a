"""Sample inputs of which no two are one tensor: torch.export would take them for one input of the graph."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from onnxdx.compat.pytree import leaves_of, with_leaves
from onnxdx.request import ExportRequest


def separated(request: ExportRequest) -> ExportRequest:
    """The request with a copy in place of every tensor that was given before; itself when each is given once."""
    tensors = [leaf for leaf in leaves_of((request.args, dict(request.kwargs))) if _is_tensor(leaf)]
    if len({id(tensor) for tensor in tensors}) == len(tensors):
        return request
    seen: set[int] = set()

    def own(leaf: Any) -> Any:
        if not _is_tensor(leaf) or id(leaf) not in seen:
            seen.add(id(leaf))
            return leaf
        return leaf.detach().clone().requires_grad_(leaf.requires_grad)

    args, kwargs = with_leaves(own, (tuple(request.args), dict(request.kwargs)))
    return replace(request, args=args, kwargs=kwargs)


def _is_tensor(leaf: object) -> bool:
    return isinstance(leaf, torch.Tensor)
