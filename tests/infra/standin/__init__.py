"""A stand-in for the google provider's plugin: its schema and its rules, and no cloud behind them.

Terraform starts it as it would start the real one. Schema and rules are those of hashicorp/google 8.7.0, read out of
the published bindings cdktn-provider-google 21.1.0 (MPL-2.0). It knows no replacement, no quota, and none of the
refusals that only the services themselves make.
"""
