"""Sizes: the dims a capture kept dynamic, the sizes a model takes, and the other sizes it is tried at."""
