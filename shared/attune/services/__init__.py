"""Verbs: one module for each thing attune does, with its ports in the signature."""
