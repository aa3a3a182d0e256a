"""Empty tensors, scalars, complex factories, shifts, float8 and unsigned results: nothing to say, and proven."""

import torch


class Net(torch.nn.Module):
    def forward(self, nothing, scalar, ratio, pixels, z):
        empty = (nothing.any(0), nothing.all(0), nothing.reshape(3, 0), nothing.amax(1), nothing.softmax(1))
        scalars = (scalar.flip(0), scalar.sort(0), scalar.softmax(0), scalar.topk(1))
        shifted = (pixels << (pixels % 3), pixels >> 1, pixels >> (pixels % 2))
        waves = (z + torch.ones(2, dtype=torch.complex64) * 2, z * z.new_full((2,), 1 + 2j), torch.ones_like(z) + z)
        chosen = torch.where(z.real > 0, z, 1)
        volume = torch.nn.functional.conv3d(scalar.expand(1, 2, 3, 3, 3), torch.ones(4, 2, 2, 2, 2))
        resized = scalar.expand(3, 4).clone().resize_(2, 3) + 1
        return (
            empty,
            scalars,
            shifted,
            waves,
            chosen,
            volume,
            resized,
            ratio.to(torch.float8_e5m2),
            pixels.to(torch.uint64),
        )


def build():
    pixels = torch.arange(8, dtype=torch.int32)
    z = torch.complex(torch.tensor([1.0, -2.0]), torch.tensor([0.5, 3.0]))
    return Net(), (torch.zeros(0, 3), torch.tensor(3.0), torch.linspace(-2, 2, 5), pixels, z)
