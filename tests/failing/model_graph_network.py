"""A graph network with attention over edges and a sparse smoothing step (pytorch/pytorch#147617, #112487).

Edges are checked by values, the smoothing builds a sparse matrix, and a table knows one number of nodes only.
"""

import torch
import torch.nn.functional as F

WIDTH, KINDS = 8, 3


def summed(values, places, count):
    return torch.zeros(count, values.shape[-1]).index_add(0, places, values)


def softmax_by_node(scores, places, count):
    index = places[:, None].expand_as(scores)
    largest = torch.full((count, scores.shape[-1]), -1e9).scatter_reduce(0, index, scores, "amax")
    weights = (scores - largest[places]).exp()
    return weights / summed(weights, places, count)[places].clamp(min=1e-9)


class EdgeAttention(torch.nn.Module):
    def __init__(self, heads):
        super().__init__()
        self.heads = heads
        self.source = torch.nn.Linear(WIDTH, WIDTH)
        self.target = torch.nn.Linear(WIDTH, WIDTH)
        self.kind = torch.nn.Embedding(KINDS, WIDTH)
        self.score = torch.nn.Parameter(torch.rand(heads, WIDTH // heads) - 0.5)

    def forward(self, nodes, edges, kinds):
        source, target = edges
        message = self.source(nodes)[source] + self.kind(kinds)
        both = F.leaky_relu(message + self.target(nodes)[target], 0.2)
        both = both.unflatten(-1, (self.heads, -1))
        weight = softmax_by_node((both * self.score).sum(-1), target, nodes.shape[0])
        message = message.unflatten(-1, (self.heads, -1)) * weight[..., None]
        return summed(message.flatten(1), target, nodes.shape[0])


class Smooth(torch.nn.Module):
    """One step of a random walk on the graph."""

    def forward(self, nodes, edges):
        count = nodes.shape[0]
        ones = torch.ones(edges.shape[1])
        degree = torch.zeros(count).index_add(0, edges[1], ones).clamp(min=1)
        matrix = torch.sparse_coo_tensor(edges.flip(0), ones / degree[edges[1]], (count, count))  # expect: DX308
        return 0.9 * (matrix @ nodes) + 0.1 * nodes


class Positions(torch.nn.Module):
    def __init__(self, count):
        super().__init__()
        self.table = torch.nn.Parameter(torch.rand(count, WIDTH))

    def forward(self, nodes):
        return nodes + self.table  # expect: DX104


class Layer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = EdgeAttention(2)
        self.norm = torch.nn.LayerNorm(WIDTH)

    def forward(self, nodes, edges, kinds):
        return self.norm(nodes + F.elu(self.attention(nodes, edges, kinds)))


class Pool(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.gate = torch.nn.Linear(WIDTH, 1)

    def forward(self, nodes):
        weight = self.gate(nodes).softmax(0)
        return torch.cat([(weight * nodes).sum(0), nodes.amax(0)])


class GraphNet(torch.nn.Module):
    def __init__(self, count):
        super().__init__()
        self.embed = torch.nn.Linear(4, WIDTH)
        self.positions = Positions(count)
        self.layers = torch.nn.ModuleList(Layer() for _ in range(2))
        self.smooth = Smooth()
        self.pool = Pool()
        self.head = torch.nn.Linear(2 * WIDTH, 2)

    def check(self, nodes, edges):
        if edges.max() >= nodes.shape[0]:  # expect: DX101
            raise ValueError("an edge leads to no node")

    def forward(self, nodes, edges, kinds):
        self.check(nodes, edges)
        hidden = self.positions(self.embed(nodes).relu())
        for layer in self.layers:
            hidden = layer(hidden, edges, kinds)
        return self.head(self.pool(self.smooth(hidden, edges)))


def build():
    torch.manual_seed(0)
    edges = torch.tensor([[0, 1, 2, 3, 4, 0, 2], [1, 2, 3, 4, 0, 2, 4]])
    inputs = (torch.rand(5, 4), edges, torch.randint(0, KINDS, (7,)))
    return GraphNet(5).eval(), inputs, {}, {"nodes": {0: "count"}, "edges": None, "kinds": None}
