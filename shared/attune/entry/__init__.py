"""Doors: what a CloudEvent says, and what answer it gets."""

import gc

gc.freeze()  # What serves the doors was imported before them and stays: the collector need not look through it.
