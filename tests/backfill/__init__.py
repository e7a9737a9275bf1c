"""A bucket that was full before: how long a pass takes over it, and how much memory."""
