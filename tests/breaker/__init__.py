"""The breaker: the local stack under everything that can befall it, and the invariants read from outside afterwards."""
