"""Two inputs share one `Dim`, and the code branches on it (pytorch/pytorch#152018)."""

import torch


class Thin(torch.nn.Module):
    def forward(self, points, colours):
        if points.shape[0] > 512:  # expect: DX105
            points, colours = points[::2], colours[::2]
        return torch.cat([points, colours], -1)


def build():
    many = torch.export.Dim("many", min=8, max=4096)
    return Thin(), (torch.rand(16, 3), torch.rand(16, 3)), {}, {"points": {0: many}, "colours": {0: many}}
