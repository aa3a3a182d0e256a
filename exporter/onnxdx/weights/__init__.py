"""The weights of a model: absent, found in a checkpoint, put in their places, and written to files."""
