"""The model as PyTorch runs it: called for trial, left as it was, and the Python state around it."""
