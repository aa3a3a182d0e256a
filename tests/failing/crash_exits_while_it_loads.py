"""A training script has no main guard, and ends when it is imported."""

# runs: onnxdx export {program}:build
# prints: usage: train

import argparse
import sys

import torch

parser = argparse.ArgumentParser("train")
parser.add_argument("--data", default="")
if not parser.parse_args([]).data:
    sys.exit("usage: train --data PATH")  # expect: DX703


def build():
    return torch.nn.Linear(4, 2), (torch.rand(1, 4),)
