"""The weights come from a server that does not answer."""

# runs: onnxdx export {program}:build --timeout 6

import socket

import torch


def weights():
    ours, _theirs = socket.socketpair()
    return ours.recv(4)  # expect: DX801


def build():
    model = torch.nn.Linear(4, 2)
    model.load_state_dict(weights())
    return model, (torch.rand(1, 4),)
