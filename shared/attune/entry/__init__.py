"""Doors: what a CloudEvent says, and what answer it gets."""
