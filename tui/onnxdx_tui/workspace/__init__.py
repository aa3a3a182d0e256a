"""The Textual app: what a run found, what became of the program, and what to do about it, one key away."""
