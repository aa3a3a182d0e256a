"""Faults that nobody raises: where a captured graph is not all that the model does or asks for."""
