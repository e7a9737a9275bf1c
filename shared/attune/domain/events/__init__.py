"""What attune announces (facts, past tense) and what it orders of itself (imperative)."""
