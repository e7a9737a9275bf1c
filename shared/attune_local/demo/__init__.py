"""The demo: recordings go in at one end, and a new endpoint stands behind the alias at the other."""
