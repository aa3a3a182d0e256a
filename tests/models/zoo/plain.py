"""Networks a user writes with torch.nn alone."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.export import Dim
from torch.nn import functional

from zoo.entry import Sample, entry

BATCH = Dim("batch", max=64)
LENGTH = Dim("length", max=64)


class Mlp(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Dropout(0.1), nn.Linear(16, 4))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x).softmax(dim=-1)


@entry("batch", quick=True)
def mlp() -> Sample:
    return Sample(Mlp(), args=(torch.randn(3, 8),), dynamic_shapes={"x": {0: BATCH}})


class Cnn(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1, groups=2), nn.BatchNorm2d(16), nn.SiLU(), nn.AdaptiveAvgPool2d(1),
        )  # fmt: skip
        self.classifier = nn.Linear(16, 10)

    def forward(self, image: Tensor) -> Tensor:
        return self.classifier(self.features(image).flatten(1))


@entry("batch", "height", "width", quick=True)
def cnn() -> Sample:
    shape = {0: Dim.DYNAMIC, 2: Dim.DYNAMIC, 3: Dim.DYNAMIC}
    return Sample(Cnn(), args=(torch.randn(2, 3, 16, 20),), dynamic_shapes={"image": shape})


class Tagger(nn.Module):
    """Embedding, recurrent layers, one label per word; the last states come out as well.

    torch.export unrolls recurrent layers, so the length is static.
    """

    def __init__(self, recurrent: nn.RNNBase) -> None:
        super().__init__()
        self.embedding = nn.Embedding(50, 8, padding_idx=0)
        self.recurrent = recurrent
        directions = 2 if recurrent.bidirectional else 1
        self.labels = nn.Linear(recurrent.hidden_size * directions, 5)

    def forward(self, words: Tensor) -> tuple[Tensor, Tensor]:
        states, last = self.recurrent(self.embedding(words))
        return self.labels(states), last[0] if isinstance(last, tuple) else last


def _tagger(recurrent: nn.RNNBase) -> Sample:
    return Sample(Tagger(recurrent), args=(torch.randint(1, 50, (3, 6)),), dynamic_shapes={"words": {0: BATCH}})


@entry("batch")
def lstm() -> Sample:
    return _tagger(nn.LSTM(8, 12, batch_first=True))


@entry("batch")
def lstm_bidirectional() -> Sample:
    return _tagger(nn.LSTM(8, 12, num_layers=2, batch_first=True, bidirectional=True))


@entry("batch")
def gru() -> Sample:
    return _tagger(nn.GRU(8, 12, num_layers=2, batch_first=True))


@entry("batch")
def gru_bidirectional() -> Sample:
    return _tagger(nn.GRU(8, 12, batch_first=True, bidirectional=True))


@entry("batch")
def rnn_tanh() -> Sample:
    return _tagger(nn.RNN(8, 12, batch_first=True))


class LstmWithState(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(8, 12)

    def forward(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        y, (h, c) = self.lstm(x, (h, c))
        return y, h, c


@entry("batch")
def lstm_with_state() -> Sample:
    return Sample(
        LstmWithState(),
        args=(torch.randn(6, 3, 8), torch.randn(1, 3, 12), torch.randn(1, 3, 12)),
        dynamic_shapes={"x": {1: BATCH}, "h": {1: BATCH}, "c": {1: BATCH}},
    )


class GruCellLoop(nn.Module):
    """A cell unrolled by the user over a fixed number of steps."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.GRUCell(8, 12)

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(x.shape[0], 12)
        states = []
        for step in x.unbind(1):
            state = self.cell(step, state)
            states.append(state)
        return torch.stack(states, dim=1)


@entry("batch")
def gru_cell_loop() -> Sample:
    return Sample(GruCellLoop(), args=(torch.randn(2, 5, 8),), dynamic_shapes={"x": {0: BATCH}})


class SelfAttention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(16, 4, batch_first=True)
        self.norm = nn.LayerNorm(16)

    def forward(self, x: Tensor, padding: Tensor) -> tuple[Tensor, Tensor]:
        attended, weights = self.attention(x, x, x, key_padding_mask=padding)
        return self.norm(x + attended), weights


@entry("batch", "length")
def multi_head_attention() -> Sample:
    padding = torch.zeros(2, 6, dtype=torch.bool)
    padding[1, 4:] = True
    shape = {0: BATCH, 1: LENGTH}
    return Sample(SelfAttention(), args=(torch.randn(2, 6, 16), padding), dynamic_shapes={"x": shape, "padding": shape})


class CausalAttention(nn.Module):
    """Attention written out by hand: one projection for all, heads by reshape, a triangular mask."""

    def __init__(self, width: int = 16, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.project = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        query, key, value = self.project(x).reshape(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4).unbind(0)
        scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
        future = torch.ones(length, length, dtype=torch.bool, device=x.device).triu(1)
        weights = scores.masked_fill(future, float("-inf")).softmax(dim=-1)
        return self.out((weights @ value).transpose(1, 2).reshape(batch, length, width))


@entry("batch", "length")
def causal_attention() -> Sample:
    return Sample(CausalAttention(), args=(torch.randn(2, 6, 16),), dynamic_shapes={"x": {0: BATCH, 1: LENGTH}})


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(16, 4, 32, batch_first=True, activation="gelu")
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.encoder(x)


@entry("batch", "length")
def transformer_encoder() -> Sample:
    return Sample(Encoder(), args=(torch.randn(2, 6, 16),), dynamic_shapes={"x": {0: BATCH, 1: LENGTH}})


class Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.TransformerDecoderLayer(16, 4, 32, batch_first=True, norm_first=True)

    def forward(self, target: Tensor, memory: Tensor) -> Tensor:
        causal = nn.Transformer.generate_square_subsequent_mask(target.shape[1])
        return self.layer(target, memory, tgt_mask=causal)


@entry("batch", "length", "source")
def transformer_decoder_layer() -> Sample:
    return Sample(
        Decoder(),
        args=(torch.randn(2, 5, 16), torch.randn(2, 7, 16)),
        dynamic_shapes={"target": {0: BATCH, 1: LENGTH}, "memory": {0: BATCH, 1: Dim("source", max=64)}},
    )


class UNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.middle = nn.Conv2d(8, 8, 3, padding=1)
        self.up = nn.Conv2d(11, 4, 3, padding=1)

    def forward(self, image: Tensor) -> Tensor:
        low = functional.leaky_relu(self.down(image), 0.1)
        low = functional.elu(self.middle(low))
        high = functional.interpolate(low, size=image.shape[-2:], mode="bilinear", align_corners=False)
        return torch.sigmoid(self.up(torch.cat([image, high], dim=1)))


@entry("batch", "height", "width")
def u_net() -> Sample:
    shape = {0: Dim.DYNAMIC, 2: Dim.DYNAMIC, 3: Dim.DYNAMIC}
    return Sample(UNet(), args=(torch.randn(2, 3, 16, 24),), dynamic_shapes={"image": shape})


class Generator(nn.Module):
    """Upsampling by transposed convolutions and by pixel shuffle, with group and instance norms."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.ConvTranspose2d(8, 16, 4, stride=2, padding=1, bias=False), nn.GroupNorm(4, 16), nn.ReLU(),
            nn.ConvTranspose2d(16, 12, 3, stride=2, padding=1, output_padding=1), nn.InstanceNorm2d(12, affine=True),
            nn.PReLU(12), nn.Conv2d(12, 12, 3, padding=1, padding_mode="reflect"), nn.PixelShuffle(2), nn.Tanh(),
        )  # fmt: skip

    def forward(self, latent: Tensor) -> Tensor:
        return self.layers(latent)


@entry("batch")
def generator() -> Sample:
    return Sample(Generator(), args=(torch.randn(2, 8, 4, 4),), dynamic_shapes={"latent": {0: BATCH}})


class TemporalCnn(nn.Module):
    """Dilated causal 1-d convolutions with weight norm, gates and residuals."""

    def __init__(self) -> None:
        super().__init__()
        self.enter = nn.Conv1d(4, 8, 1)
        self.layers = nn.ModuleList(
            nn.utils.parametrizations.weight_norm(nn.Conv1d(8, 16, 3, dilation=2**depth)) for depth in range(3)
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.enter(x)
        for layer in self.layers:
            x = x + functional.glu(layer(functional.pad(x, (2 * layer.dilation[0], 0))), dim=1)
        return x.mean(dim=-1)


@entry("batch", "length")
def temporal_cnn() -> Sample:
    return Sample(TemporalCnn(), args=(torch.randn(2, 4, 20),), dynamic_shapes={"x": {0: BATCH, 2: LENGTH}})


class Volume(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv3d(1, 4, 3, padding=1)
        self.norm = nn.BatchNorm3d(4)

    def forward(self, scan: Tensor) -> Tensor:
        x = functional.avg_pool3d(functional.hardswish(self.norm(self.conv(scan))), 2)
        return torch.amax(x, dim=(2, 3, 4))


@entry("batch")
def cnn_3d() -> Sample:
    return Sample(Volume(), args=(torch.randn(2, 1, 8, 8, 8),), dynamic_shapes={"scan": {0: BATCH}})


class BagOfWords(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.bag = nn.EmbeddingBag(50, 8, mode="mean")
        self.score = nn.Linear(8, 2)

    def forward(self, words: Tensor) -> Tensor:
        return functional.log_softmax(self.score(self.bag(words)), dim=1)


@entry()
def embedding_bag() -> Sample:
    return Sample(BagOfWords(), args=(torch.randint(0, 50, (3, 6)),))


class Recommender(nn.Module):
    """Two towers; inputs arrive as a dictionary, outputs leave as one."""

    def __init__(self) -> None:
        super().__init__()
        self.users = nn.Embedding(20, 8)
        self.items = nn.Embedding(30, 8)
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, batch: dict[str, Tensor], top: int = 3) -> dict[str, Tensor]:
        scores = torch.einsum("bd,id->bi", self.users(batch["user"]), self.items.weight) + self.bias
        best, index = scores.topk(top, dim=-1)
        pair = functional.cosine_similarity(self.users(batch["user"]), self.items(batch["item"]), dim=-1)
        return {"best": best, "index": index, "pair": pair}


@entry("batch")
def recommender() -> Sample:
    batch = {"user": torch.randint(0, 20, (4,)), "item": torch.randint(0, 30, (4,))}
    rows = {0: BATCH}
    return Sample(Recommender(), args=(batch,), dynamic_shapes={"batch": {"user": rows, "item": rows}})


class RunningMean(nn.Module):
    """A buffer that every call changes."""

    mean: Tensor
    seen: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(8))
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64))

    def forward(self, x: Tensor) -> Tensor:
        self.mean.mul_(0.9).add_(x.mean(dim=0), alpha=0.1)
        self.seen += 1
        return x - self.mean


@entry("batch", expects=("DX413",))
def mutated_buffer() -> Sample:
    return Sample(RunningMean(), args=(torch.randn(4, 8),), dynamic_shapes={"x": {0: BATCH}})


class InPlace(nn.Module):
    """In-place arithmetic and assignment into slices of a fresh tensor."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        out = torch.zeros_like(x)
        out[:, ::2] = x[:, ::2]
        out[:, 1] += y[:, 0]
        out.clamp_(min=-1.0, max=1.0)
        out[:, -2:].mul_(2.0)
        view = out.view(out.shape[0], 2, -1)
        view[:, 0].add_(1.0)
        return out.relu_()


@entry("batch")
def in_place() -> Sample:
    rows = {0: BATCH}
    return Sample(InPlace(), args=(torch.randn(3, 8), torch.randn(3, 8)), dynamic_shapes={"x": rows, "y": rows})


class Indexing(nn.Module):
    """Gather, scatter, boolean where, advanced indexing, roll, cumulative sums, sorting."""

    table: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("table", torch.randn(10, 8))

    def forward(self, x: Tensor, index: Tensor) -> tuple[Tensor, ...]:
        rows = self.table[index]
        counts = torch.zeros(10, dtype=torch.int64).scatter_add(0, index, torch.ones_like(index))
        picked = x.gather(1, (index % 8).unsqueeze(1))
        kept = torch.where(x > 0, x, rows).roll(1, dims=1).cumsum(dim=1)
        order = x.sort(dim=1, descending=True)
        return kept, counts, picked, order.values, order.indices, rows.flip(1).argmax(dim=1)


@entry("batch")
def indexing() -> Sample:
    rows = {0: BATCH}
    return Sample(
        Indexing(),
        args=(torch.randn(4, 8), torch.randint(0, 10, (4,))),
        dynamic_shapes={"x": rows, "index": rows},
    )


class Mixed(nn.Module):
    """Several dtypes in one expression, integer division, comparisons, a bool output and an int output."""

    def forward(self, x: Tensor, count: Tensor, flag: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        scaled = x * count + flag
        halves = torch.div(count, 2, rounding_mode="floor") + count % 3
        return scaled / (1 + halves), (scaled > 0) & flag, halves.to(torch.int32)


@entry("batch")
def mixed_dtypes() -> Sample:
    rows = {0: BATCH}
    return Sample(
        Mixed(),
        args=(torch.randn(4, 3), torch.randint(1, 9, (4, 1)), torch.tensor([[True], [False], [True], [False]])),
        dynamic_shapes={"x": rows, "count": rows, "flag": rows},
    )


class HalfPrecision(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4)).half()

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x.half()).float()


@entry("batch")
def half_precision() -> Sample:
    return Sample(HalfPrecision(), args=(torch.randn(3, 8),), dynamic_shapes={"x": {0: BATCH}})


class Spectrum(nn.Module):
    """Magnitudes of a short-time Fourier transform, through mel-like filters, in decibels."""

    window: Tensor
    filters: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("window", torch.hann_window(32))
        self.register_buffer("filters", torch.rand(17, 8))

    def forward(self, samples: Tensor) -> Tensor:
        spectrum = torch.stft(samples, 32, hop_length=16, window=self.window, return_complex=True, pad_mode="constant")
        power = spectrum.abs().square().transpose(1, 2)
        return 10.0 * torch.log10((power @ self.filters).clamp(min=1e-5))


@entry("batch")
def spectrum() -> Sample:
    return Sample(Spectrum(), args=(torch.randn(2, 256),), dynamic_shapes={"samples": {0: BATCH}})


class Sampler(nn.Module):
    """A spatial transformer: an affine grid predicted from the image, then sampled."""

    def __init__(self) -> None:
        super().__init__()
        self.predict = nn.Linear(3, 6)

    def forward(self, image: Tensor) -> Tensor:
        theta = torch.eye(2, 3) + 0.1 * self.predict(image.mean(dim=(2, 3))).view(-1, 2, 3)
        grid = functional.affine_grid(theta, list(image.shape), align_corners=False)
        return functional.grid_sample(image, grid, align_corners=False)


@entry("batch")
def grid_sampler() -> Sample:
    return Sample(Sampler(), args=(torch.randn(2, 3, 8, 10),), dynamic_shapes={"image": {0: BATCH}})


class Statistics(nn.Module):
    """Reductions of every kind, norms, distances and a quantile-free summary."""

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        centred = x - x.mean(dim=-1, keepdim=True)
        return (
            centred.var(dim=-1),
            x.std(dim=-1, unbiased=False),
            x.logsumexp(dim=-1),
            torch.linalg.vector_norm(x, dim=-1),
            torch.cdist(x, x),
            x.prod(dim=-1),
            (x > 0).any(dim=-1),
            x.max(dim=-1).indices,
            torch.baddbmm(x, x, torch.eye(x.shape[-1]).expand(x.shape[0], -1, -1)),
        )


@entry("batch", "length")
def statistics() -> Sample:
    return Sample(
        Statistics(), args=(torch.randn(2, 5, 4),), dynamic_shapes={"x": {0: BATCH, 1: Dim("length", max=25)}}
    )


class TiedAutoencoder(nn.Module):
    """One weight used twice, once transposed, and one module called twice."""

    def __init__(self) -> None:
        super().__init__()
        self.enter = nn.Linear(8, 8)
        self.code = nn.Linear(8, 3, bias=False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        code = self.code(torch.tanh(self.enter(torch.tanh(self.enter(x)))))
        return code, code @ self.code.weight


@entry("batch")
def tied_weights() -> Sample:
    return Sample(TiedAutoencoder(), args=(torch.randn(3, 8),), dynamic_shapes={"x": {0: BATCH}})


class Pooling(nn.Module):
    """Adaptive pooling, and windows that reach over the edge, by padding or by rounding up."""

    def forward(self, x: Tensor) -> Tensor:
        pooled = functional.adaptive_avg_pool2d(functional.max_pool2d(x, 3, stride=2, ceil_mode=True), (2, 2))
        padded = functional.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False)
        partial = functional.avg_pool2d(x, 2, ceil_mode=True)
        return torch.cat([part.flatten(1) for part in (pooled, padded, partial)], dim=1)


@entry("batch")
def pooling() -> Sample:
    return Sample(Pooling(), args=(torch.randn(2, 3, 9, 9),), dynamic_shapes={"x": {0: BATCH}})
