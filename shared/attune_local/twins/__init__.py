"""In-memory twins of attune's ports: what the demo runs on where Java is missing, and what properties are tested on."""
