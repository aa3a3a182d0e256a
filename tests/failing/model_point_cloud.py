"""A point-cloud network: sampling, neighbours, local frames and pooling (onnx/onnx#7465, NVIDIAGameWorks/kaolin#160).

The number of points was asked to vary, and the code branches on it, as `cdist` does; local frames need eigenvectors;
a cloud that is too wide is scaled by a decision on its values.
"""

import torch
import torch.nn.functional as F

NEIGHBOURS, SAMPLES = 4, 3


def farthest(points, count):
    """Indices of points far from each other, without any loop over values."""
    nearest = torch.full(points.shape[:2], 1e10)
    chosen = [torch.zeros(points.shape[0], dtype=torch.int64)]
    for _ in range(count - 1):
        last = points.gather(1, chosen[-1][:, None, None].expand(-1, 1, 3))
        nearest = torch.minimum(nearest, (points - last).square().sum(-1))
        chosen.append(nearest.argmax(-1))
    return torch.stack(chosen, 1)


def picked(values, index):
    flat = index.flatten(1)[..., None].expand(-1, -1, values.shape[-1])
    return values.gather(1, flat).unflatten(1, tuple(index.shape[1:]))


class Neighbours(torch.nn.Module):
    def forward(self, points, centres):
        distance = torch.cdist(centres, points)  # expect: DX105
        _, index = distance.topk(NEIGHBOURS, dim=-1, largest=False)
        return index


class Frames(torch.nn.Module):
    """Turns each neighbourhood into the frame of its own axes."""

    def forward(self, local):
        covariance = local.mT @ local / NEIGHBOURS + 1e-3 * torch.eye(3)
        _, axes = torch.linalg.eigh(covariance)  # expect: DX203
        return (local @ axes).abs()


class SharedLayers(torch.nn.Module):
    def __init__(self, inside, outside):
        super().__init__()
        self.first = torch.nn.Linear(inside, 8)
        self.norm = torch.nn.LayerNorm(8)
        self.second = torch.nn.Linear(8, outside)

    def forward(self, x):
        return self.second(F.relu(self.norm(self.first(x))))


class Abstraction(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.neighbours = Neighbours()
        self.frames = Frames()
        self.layers = SharedLayers(6, 8)

    def forward(self, points, features):
        centres = picked(points, farthest(points, SAMPLES))
        index = self.neighbours(points, centres)
        local = self.frames(picked(points, index) - centres[:, :, None])
        grouped = torch.cat([local, picked(features, index)], -1)
        return centres, self.layers(grouped).amax(2)


class Propagation(torch.nn.Module):
    """Features of the samples go back to all points, weighted by nearness."""

    def __init__(self):
        super().__init__()
        self.layers = SharedLayers(11, 8)

    def forward(self, points, features, centres, sampled):
        distance = (points[:, :, None] - centres[:, None]).square().sum(-1)
        weight = 1 / (distance + 1e-6)
        weight = weight / weight.sum(-1, keepdim=True)
        return self.layers(torch.cat([weight @ sampled, features], -1))


class Cloud(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.abstraction = Abstraction()
        self.propagation = Propagation()
        self.head = torch.nn.Linear(8, 5)

    def centred(self, points):
        points = points - points.mean(1, keepdim=True)
        radius = points.norm(dim=-1).amax()
        if radius > 1:  # expect: DX101
            points = points / radius
        return points

    def forward(self, points, colours):
        points = self.centred(points)
        if points.shape[1] > 512:  # expect: DX105
            points, colours = points[:, ::2], colours[:, ::2]
        centres, sampled = self.abstraction(points, colours)
        return self.head(self.propagation(points, colours, centres, sampled)).log_softmax(-1)


def build():
    torch.manual_seed(0)
    many = torch.export.Dim("many", min=8, max=4096)
    return Cloud().eval(), (torch.rand(1, 16, 3), torch.rand(1, 16, 3)), {}, {"points": {1: many}, "colours": {1: many}}
