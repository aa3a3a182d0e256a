"""Optimisations of a graph or a function's body, one in each module; which are run, and in what order, says `steps`."""
