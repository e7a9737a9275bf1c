"""How good a model's answers are: marks for each utterance, scores over a hold-out, comparisons, and the gate."""
