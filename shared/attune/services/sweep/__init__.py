"""Sweep: the intake bucket against the manifests, a slice a tick."""
