"""The line of the user's code that calls the API."""

from __future__ import annotations

import inspect

from onnxdx_diagnostics.finding import Location
from onnxdx_diagnostics.source import region


def call_site(depth: int, name: str) -> Location:
    """The line `depth` calls above this one, where it says `name`."""
    frame = inspect.stack(context=0)[depth]
    return region(frame.filename, frame.lineno, name)
