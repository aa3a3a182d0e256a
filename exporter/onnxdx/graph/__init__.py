"""The captured graph: what its operators are, and by which others they can be expressed."""
