"""Functions of NumPy that torch's layer lacks, by NumPy functions that it has: each is found by its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np


def nansum(a: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False) -> Any:
    return np.sum(np.where(np.isnan(a), 0, a), axis=axis, dtype=dtype, keepdims=keepdims)


def nanmean(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    counted = np.sum(~np.isnan(a), axis=axis, keepdims=keepdims).astype(a.dtype)
    return nansum(a, axis, keepdims=keepdims) / counted


def nanmax(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    none = np.all(np.isnan(a), axis=axis, keepdims=keepdims)
    return np.where(none, np.nan, np.max(np.where(np.isnan(a), -np.inf, a), axis=axis, keepdims=keepdims))


def nanmin(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return -nanmax(-a, axis, keepdims=keepdims)


def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Any:
    chosen = default
    for condition, choice in reversed(list(zip(condlist, choicelist, strict=True))):
        chosen = np.where(condition, choice, chosen)
    return chosen


def isin(element: Any, test_elements: Any, *, invert: bool = False) -> Any:
    found = np.any(np.expand_dims(element, -1) == np.ravel(test_elements), axis=-1)
    return ~found if invert else found


def digitize(x: Any, bins: Any, right: bool = False) -> Any:
    """Of bins that rise."""
    return np.searchsorted(bins, x, side="left" if right else "right")


def trapezoid(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Any:
    y = np.moveaxis(y, axis, -1)
    steps = dx if x is None else np.diff(x)
    return np.sum(steps * (y[..., 1:] + y[..., :-1]) / 2.0, axis=-1)


def partition(a: Any, kth: Any, axis: int = -1) -> Any:
    """Sorted, so that it agrees at `kth`, and elsewhere where it does not matter."""
    return np.sort(a, axis=axis)


def argpartition(a: Any, kth: Any, axis: int = -1) -> Any:
    return np.argsort(a, axis=axis)


def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None) -> Any:
    x, xp, fp = (np.asarray(each, dtype=np.float64) for each in (x, xp, fp))
    after = np.minimum(np.maximum(np.searchsorted(xp, x, side="right"), 1), len(xp) - 1)
    low, high = np.take(xp, after - 1), np.take(xp, after)
    start, end = np.take(fp, after - 1), np.take(fp, after)
    between = start + (end - start) / (high - low) * (x - low)
    between = np.where(x < xp[0], fp[0] if left is None else left, between)
    return np.where(x > xp[-1], fp[-1] if right is None else right, between)


def convolve(a: Any, v: Any, mode: str = "full") -> Any:
    full = np.convolve(a, v, "full")
    shorter, longer = sorted((len(a), len(v)))
    first = (shorter - 1) // 2
    return full[first : first + longer] if mode == "same" else full


def pad(array: Any, pad_width: Any, mode: str = "constant") -> Any:
    places = _PADDED[mode]
    for axis, (before, after) in enumerate(np.broadcast_to(pad_width, (array.ndim, 2)).tolist()):
        size = array.shape[axis]
        if before or after:
            array = np.take(array, places(np.arange(-before, size + after), size), axis=axis)
    return array


def _reflected(at: Any, size: Any) -> Any:
    at = at % (2 * size - 2)
    return np.minimum(at, 2 * size - 2 - at)


def _symmetric(at: Any, size: Any) -> Any:
    at = at % (2 * size)
    return np.minimum(at, 2 * size - 1 - at)


_PADDED: dict[str, Callable[[Any, Any], Any]] = {
    "edge": lambda at, size: np.minimum(np.maximum(at, 0), size - 1),
    "wrap": lambda at, size: at % size,
    "reflect": _reflected,
    "symmetric": _symmetric,
}


def apply_along_axis(func1d: Callable[..., Any], axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    moved = np.moveaxis(arr, axis, -1)
    rows = moved.reshape(-1, moved.shape[-1])
    made = np.stack([func1d(row, *args, **kwargs) for row in rows])
    shaped = made.reshape(*moved.shape[:-1], *made.shape[1:])
    return np.moveaxis(shaped, -1, axis) if made.ndim > 1 else shaped
