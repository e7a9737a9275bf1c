"""Nouns: what a pair, a row, a shard, a run and an alias are, and the rules between them. Standard library only."""
