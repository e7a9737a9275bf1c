"""A stand-in for Vertex AI's tuning API: judges datasets by the published limits, walks jobs, serves what they made."""
