"""Custom operators whose bodies compute in NumPy, of the kinds that people write: each with the inputs of one call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch


def operator(body: Callable[..., Any]) -> Any:
    made = torch.library.custom_op(f"numpy_bodies::{body.__name__}", body, mutates_args=())
    made.register_fake(lambda x, *others: torch.empty_like(x))
    return made


@operator
def sine(x: torch.Tensor) -> torch.Tensor:
    x_np = x.detach().cpu().numpy()
    return torch.from_numpy(np.sin(x_np))


@operator
def cube(x: torch.Tensor) -> torch.Tensor:
    return torch.tensor(x.cpu().numpy() ** 3, device=x.device)


@operator
def rectified(x: torch.Tensor, slope: float) -> torch.Tensor:
    a = np.asarray(x)
    return torch.as_tensor(np.where(a > 0, a, np.float32(slope) * a), device=x.device)


@operator
def normed(x: torch.Tensor) -> torch.Tensor:
    a = x.numpy()
    a = (a - a.mean(axis=-1, keepdims=True)) / np.sqrt(a.var(axis=-1, keepdims=True) + 1e-5)
    return torch.from_numpy(a.astype(np.float32))


@operator
def softmaxed(x: torch.Tensor) -> torch.Tensor:
    a = x.numpy()
    e = np.exp(a - np.max(a, axis=-1, keepdims=True))
    return torch.from_numpy(e / e.sum(axis=-1, keepdims=True))


@operator
def smoothed(x: torch.Tensor) -> torch.Tensor:
    a = x.numpy()
    out = np.zeros(a.shape, dtype=a.dtype)
    out[:, 1:-1] = (a[:, :-2] + a[:, 1:-1] + a[:, 2:]) / 3
    out[:, 0] = a[:, 0]
    return torch.from_numpy(out)


@operator
def overwritten(x: torch.Tensor, most: float) -> torch.Tensor:
    a = x.numpy().copy()
    a[a > most] = most
    a *= 2
    np.clip(a, -1, 1, out=a)
    return torch.from_numpy(a)


@operator
def sorted_sums(x: torch.Tensor) -> torch.Tensor:
    a = np.array(x)
    return torch.from_numpy(np.cumsum(np.sort(a, axis=-1)[:, ::-1], axis=-1))


@operator
def products(x: torch.Tensor) -> torch.Tensor:
    a = x.numpy()
    return torch.from_numpy(np.einsum("ij,kj->ik", a, a) @ a / np.linalg.norm(a))


@operator
def divided(x: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    a, b = x.numpy(), other.numpy()
    return torch.from_numpy(np.divide(a, b, out=np.zeros_like(a), where=b > 0.5))


@operator
def limited(x: torch.Tensor) -> torch.Tensor:
    a = x.numpy()
    if np.abs(a).max() > 1:
        a = a / np.abs(a).max()
    return torch.from_numpy(a * 2)


@operator
def scaled(x: torch.Tensor) -> torch.Tensor:
    a = x.numpy()
    assert isinstance(a, np.ndarray)
    return torch.from_numpy(a / np.sqrt(a.shape[-1])).float()


@operator
def mirrored(x: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(x.numpy()[..., ::-1]))


@operator
def ranked(x: torch.Tensor) -> torch.Tensor:
    a = x.numpy()
    return torch.from_numpy(np.argsort(np.argsort(a, axis=-1), axis=-1).astype(np.float32))


@operator
def stacked(x: torch.Tensor) -> torch.Tensor:
    rows = [np.tanh(row) + i for i, row in enumerate(x.numpy().T)]
    return torch.from_numpy(np.stack(rows, axis=1))


@operator
def direct(x: torch.Tensor) -> torch.Tensor:
    return np.cos(x)


@operator
def by_row(x: torch.Tensor) -> torch.Tensor:
    a = x.numpy()
    out = np.empty_like(a)
    for i in range(a.shape[1]):
        out[:, i] = a[:, i] * i
    return torch.from_numpy(out)


@operator
def dct(x: torch.Tensor) -> torch.Tensor:
    a = x.numpy()
    n = a.shape[-1]
    k = np.arange(n)
    basis = np.cos(np.pi / n * (k[:, None] + 0.5) * k[None, :]).astype(np.float32)
    return torch.from_numpy(a @ basis)


@operator
def power_of_spectrum(x: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(np.abs(np.fft.fft(x.numpy(), axis=-1)).astype("float32"))


@operator
def written_input(x: torch.Tensor) -> torch.Tensor:
    y = x.clone()
    a = y.numpy()
    a[0] = 1
    return y * 2


@operator
def looked_up(x: torch.Tensor) -> torch.Tensor:
    a = np.interp(x.numpy(), np.linspace(-1, 1, 5), np.arange(5.0))
    return torch.from_numpy(a.astype(np.float32))


@operator
def padded(x: torch.Tensor) -> torch.Tensor:
    a = np.pad(x.numpy(), ((0, 0), (1, 1)), mode="reflect")
    return torch.from_numpy((a[:, :-2] + a[:, 2:]) / 2)


@operator
def chosen(x: torch.Tensor) -> torch.Tensor:
    a = x.numpy()
    third = np.partition(a, 2, axis=-1)[:, 2:3]
    return torch.from_numpy(np.select([a > third, np.isin(a, [0, 1])], [a - np.nanmax(a), a * 2], a))


@operator
def gathered(x: torch.Tensor) -> torch.Tensor:
    a = x.numpy()
    out, sums, counts = np.zeros((4, 6), dtype=np.float32), np.zeros(4), np.zeros(3, dtype=np.float32)
    out += a
    for i in range(4):
        sums[i] = a[i].sum()
    np.add.at(counts, np.array([0, 1, 1, 2]), a[:, 0])
    np.copyto(out[:, 0], sums, casting="unsafe")
    return torch.from_numpy(out * counts.sum())


@operator
def by_rows(x: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(np.apply_along_axis(lambda row: row / np.sum([row, row * 2]), 1, x.numpy()))


INPUTS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    body._name: (body, tuple(others))
    for body, *others in (
        (sine,),
        (cube,),
        (rectified, 0.1),
        (normed,),
        (softmaxed,),
        (smoothed,),
        (overwritten, 0.5),
        (sorted_sums,),
        (products,),
        (divided, torch.rand(4, 6)),
        (limited,),
        (scaled,),
        (mirrored,),
        (ranked,),
        (stacked,),
        (direct,),
        (by_row,),
        (dct,),
        (power_of_spectrum,),
        (written_input,),
        (looked_up,),
        (padded,),
        (chosen,),
        (by_rows,),
        (gathered,),
    )
}
"""Each operator with its arguments after the first, by name."""
