"""The user's source: the lines that nodes and errors come from, and what is written there."""
