"""What applications do with attune, to be copied: ask the model that serves now, and hear of what happens."""
