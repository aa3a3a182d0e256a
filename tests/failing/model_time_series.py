"""A forecaster with packed sequences, a running scale and samples of its dropout (pytorch/pytorch#112044, #186527).

Sequences are packed; the state of the last call is kept on the module; dropout is on by design, also in `eval()`.
"""

import math

import torch
import torch.nn.functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

WIDTH, HORIZON, QUANTILES = 8, 3, (0.1, 0.5, 0.9)


class Calendar(torch.nn.Module):
    """Hour and weekday as angles."""

    def __init__(self):
        super().__init__()
        self.project = torch.nn.Linear(4, WIDTH)

    def forward(self, hours):
        day = hours.float() * (2 * math.pi / 24)
        week = hours.float() * (2 * math.pi / 168)
        angles = torch.stack([day.sin(), day.cos(), week.sin(), week.cos()], -1)
        return self.project(angles)


class Scaler(torch.nn.Module):
    """Scales each series by its own level, and remembers the level for the next call."""

    def __init__(self):
        super().__init__()
        self.level = torch.ones(1)

    def forward(self, values, valid):
        count = valid.sum(1, keepdim=True).clamp(min=1)
        mean = (values.abs() * valid).sum(1, keepdim=True) / count
        self.level = 0.9 * self.level + 0.1 * mean.mean()  # expect: DX415
        scale = 0.5 * mean + 0.5 * self.level + 1e-3
        return values / scale, scale


class Encoder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.enter = torch.nn.Linear(1, WIDTH)
        self.rnn = torch.nn.GRU(WIDTH, WIDTH, batch_first=True)

    def forward(self, values, calendar, lengths):
        hidden = torch.tanh(self.enter(values[..., None]) + calendar)
        packed = pack_padded_sequence(hidden, lengths, batch_first=True, enforce_sorted=False)  # expect: DX301
        out, last = self.rnn(packed)
        out, _ = pad_packed_sequence(out, batch_first=True, total_length=values.shape[1])
        return out, last[-1]


class Attention(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.query = torch.nn.Linear(WIDTH, WIDTH)

    def forward(self, hidden, last, valid):
        scores = (hidden @ self.query(last)[..., None]).squeeze(-1)
        scores = scores.masked_fill(~valid, -1e9)
        return (scores.softmax(-1)[..., None] * hidden).sum(1)


class Quantiles(torch.nn.Module):
    """Quantiles that do not cross: each is the one below plus something positive."""

    def __init__(self):
        super().__init__()
        self.project = torch.nn.Linear(2 * WIDTH, HORIZON * len(QUANTILES))

    def forward(self, context):
        raw = self.project(context).unflatten(-1, (HORIZON, len(QUANTILES)))
        steps = torch.cat([raw[..., :1], F.softplus(raw[..., 1:])], -1)
        return steps.cumsum(-1)


class Forecaster(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.calendar = Calendar()
        self.scaler = Scaler()
        self.encoder = Encoder()
        self.attention = Attention()
        self.quantiles = Quantiles()

    def uncertain(self, context):
        return F.dropout(context, 0.2, training=True)  # expect: DX117

    def forward(self, values, hours, lengths):
        valid = torch.arange(values.shape[1]) < lengths[:, None]
        scaled, scale = self.scaler(values, valid)
        hidden, last = self.encoder(scaled, self.calendar(hours), lengths)
        context = torch.cat([self.attention(hidden, last, valid), last], -1)
        return self.quantiles(self.uncertain(context)) * scale[..., None]


def build():
    torch.manual_seed(0)
    hours = torch.arange(6) + torch.tensor([[0], [7]])
    return Forecaster().eval(), (torch.rand(2, 6) * 10, hours, torch.tensor([6, 4]))
