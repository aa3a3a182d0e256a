"""The ways to a graph: what torch.export captures of a model, and what is done where it does not."""
