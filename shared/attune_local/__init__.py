"""What only a developer's machine needs: the local stack, the stand-in for Vertex tuning, the demo. Never staged."""
