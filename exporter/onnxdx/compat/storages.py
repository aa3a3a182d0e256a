"""The memory of tensors, and the tensors that a module itself holds."""

from __future__ import annotations

from typing import Any

import torch


def storage_key(storage: torch.UntypedStorage) -> int:
    """What tells one storage from another, fake ones too, as long as it lives (`_cdata`, 2.9 - 2.14)."""
    return int(storage._cdata)


def storage_offset_in_file(storage: torch.UntypedStorage) -> int | None:
    """Where in its file a storage begins that was loaded without its values; None when torch does not tell.

    `torch.load(map_location="meta")` leaves it in `_checkpoint_offset` (2.10 - 2.14).
    """
    offset = getattr(storage, "_checkpoint_offset", None)
    return offset if isinstance(offset, int) else None


def own_state(module: torch.nn.Module) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parameters and the buffers that a module itself holds, to be replaced in place (`_parameters`, `_buffers`).

    Setting them as attributes would go through what the user's class makes of that (2.9 - 2.14).
    """
    if isinstance(module, torch.jit.ScriptModule):
        return {}, {}
    return module._parameters, module._buffers
