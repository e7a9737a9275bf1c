"""The command `attune`: what a person asks of a deployment."""
