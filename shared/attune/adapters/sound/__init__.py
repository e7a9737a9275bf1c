"""Sound: what a recording really is, decoded once, in blocks, and measured on the way."""
