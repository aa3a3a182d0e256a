"""What each command does. A command of `commands.py` has one handler here, found by its id."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from onnxdx_tui.workspace import browsing, running, telling

if TYPE_CHECKING:
    from onnxdx_tui.workspace.app import Workspace

HANDLERS: Mapping[str, Callable[[Workspace], None]] = {**browsing.HANDLERS, **telling.HANDLERS, **running.HANDLERS}
