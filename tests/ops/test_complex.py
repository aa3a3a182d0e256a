"""Complex numbers and Fourier transforms; what leaves the model is real."""

from __future__ import annotations

import pytest
import torch

X = torch.randn(3, 4, 8)
Y = torch.randn(3, 4, 8)
LINE = torch.randn(2, 40)


def of_complex(program):
    """The program over x + iy, its complex results as real pairs."""

    def run(x, y):
        results = program(torch.complex(x, y))
        results = results if isinstance(results, (tuple, list)) else [results]
        return [torch.view_as_real(result) if result.is_complex() else result for result in results]

    return run


ALGEBRA = {
    "parts": lambda z: (z.real, z.imag, z.abs(), z.angle(), z.conj() * 1),
    "arithmetic": lambda z: (z + z, z - 1, 2 * z, z * z, z / (z + 2), z / 3, 1 / z, -z, z * 1j, z + 2j),
    "with-real": lambda z: (z * z.real, z + z.imag, z.real * z, z / (z.real + 5), torch.where(z.real > 0, z, 0.0)),
    "functions": lambda z: (z.exp(), z.log(), z.sqrt(), z**2, z**3, z.cos(), z.sin(), z.sgn(), z.square()),
    "compare": lambda z: (z == z, z != z.conj(), torch.isnan(z)),
    "reduce": lambda z: (z.sum(), z.sum(-1), z.mean(0), z.cumsum(1)),
    "products": lambda z: (z @ z.transpose(1, 2), torch.einsum("bij,bkj->bik", z, z), z.mH @ z),
    "shapes": lambda z: (
        z.reshape(4, -1),
        z.permute(2, 0, 1),
        z.flip(-1),
        z[:, None],
        z[0, 1:3],
        z[..., -1],
        z.roll(1, -1),
    ),
    "joins": lambda z: (torch.cat([z, z], -1), torch.stack([z, z], 1), *z.unbind(0)),
    "repeats": lambda z: (z.repeat(1, 2, 1), z[:1].expand(3, 4, 8), torch.zeros_like(z) + z, z.unsqueeze(0).squeeze(0)),
    "casts": lambda z: (z.to(torch.complex128), z.real.to(torch.complex64)),
    "picks": lambda z: (z[:, [0, 2]], z.index_select(2, torch.tensor([1, 3]))),
    "norms": lambda z: (torch.linalg.vector_norm(z, dim=-1), z.abs().pow(2).sum()),
}


@pytest.mark.parametrize("program", ALGEBRA.values(), ids=ALGEBRA)
def test_computes_with_complex_numbers(program, proven):
    proven(of_complex(program), X, Y)


def test_splits_complex_tensors(proven_static):
    proven_static(of_complex(lambda z: (*z.split(2, 1), *z.chunk(2, -1), *z.split([1, 3], 1))), X, Y)


def pairs(result):
    return torch.view_as_real(result.resolve_conj()) if result.is_complex() else result


TRANSFORMS = {
    "fft": lambda x: torch.fft.fft(x),
    "fft-dim-0": lambda x: torch.fft.fft(x, dim=0),
    "fft-padded": lambda x: torch.fft.fft(x, n=10, dim=1, norm="ortho"),
    "fft-shortened": lambda x: torch.fft.fft(x, n=3, norm="forward"),
    "ifft": lambda x: torch.fft.ifft(x),
    "ifft-of-fft": lambda x: torch.fft.ifft(torch.fft.fft(x) * 2),
    "rfft": lambda x: torch.fft.rfft(x),
    "rfft-odd": lambda x: torch.fft.rfft(x, n=7, dim=-1, norm="ortho"),
    "rfft-dim-0": lambda x: torch.fft.rfft(x, dim=0),
    "irfft": lambda x: torch.fft.irfft(torch.fft.rfft(x), n=x.shape[-1]),
    "irfft-odd": lambda x: torch.fft.irfft(torch.fft.rfft(x), n=7, norm="ortho"),
    "irfft-dim": lambda x: torch.fft.irfft(torch.fft.rfft(x, dim=1), dim=1),
    "fft2": lambda x: torch.fft.fft2(x),
    "rfft2": lambda x: torch.fft.rfft2(x, norm="ortho"),
    "irfft2": lambda x: torch.fft.irfft2(torch.fft.rfft2(x, norm="ortho"), norm="ortho"),
    "fftn": lambda x: torch.fft.fftn(x),
    "ifftn": lambda x: torch.fft.ifftn(torch.fft.fftn(x)).real,
    "fftn-of-real-part": lambda x: torch.fft.fftn(x, dim=(1, 2)).real,
    "fftshift": lambda x: torch.fft.fftshift(torch.fft.fft2(x)),
    "hfft": lambda x: torch.fft.hfft(torch.fft.rfft(x)),
}


@pytest.mark.parametrize("program", TRANSFORMS.values(), ids=TRANSFORMS)
def test_transforms_as_torch(program, proven):
    proven(lambda x: pairs(program(x)), X)


SPECTRA = {
    "centred": lambda x: torch.stft(x, 16, 4, window=torch.hann_window(16), return_complex=True),
    "plain": lambda x: torch.stft(x, 16, 5, center=False, return_complex=True, window=torch.ones(16)),
    "short-window": lambda x: torch.stft(x, 16, 4, 10, torch.hann_window(10), normalized=True, return_complex=True),
    "both-sides": lambda x: torch.stft(x, 16, window=torch.hann_window(16), onesided=False, return_complex=True),
    "line": lambda x: torch.stft(x[0], 16, 4, window=torch.hann_window(16), return_complex=True),
    "without-window": lambda x: torch.stft(x, 16, 4, return_complex=True),
    "power": lambda x: torch.stft(x, 16, 4, window=torch.hann_window(16), return_complex=True).abs() ** 2,
}


@pytest.mark.parametrize("program", SPECTRA.values(), ids=SPECTRA)
def test_spectra_over_time(program, proven):
    proven(lambda x: pairs(program(x)), LINE)


def test_back_from_the_spectrum(proven_static):
    window = torch.hann_window(16)

    def program(x):
        spectrum = torch.stft(x, 16, 4, window=window, return_complex=True)
        return torch.istft(spectrum * 2, 16, 4, window=window, length=40)

    proven_static(program, LINE)


def test_rotary_embedding_in_complex_form(proven):
    def program(q, angles):
        turned = torch.view_as_complex(q.float().reshape(*q.shape[:-1], -1, 2))
        freqs = torch.polar(torch.ones_like(angles), angles)
        return torch.view_as_real(turned * freqs[None, :, None]).flatten(3).type_as(q)

    proven(program, torch.randn(2, 5, 3, 8), torch.randn(5, 4))
