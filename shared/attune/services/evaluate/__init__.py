"""Evaluate: have the challenger, the champion and the base model answer the hold-out, and judge what they answered."""
