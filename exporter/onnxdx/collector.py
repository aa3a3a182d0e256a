"""The garbage collector during an export: it looks through what the export makes, not through all that was there."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def spared() -> Iterator[None]:
    """What is there already is not looked through while this is open.

    torch alone is a million objects: one look at all of them takes as long as the capture of a small model. Who has
    frozen objects himself (`gc.freeze`) keeps what he did.
    """
    if gc.get_freeze_count():
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
