"""attune: dropped recordings and transcripts become a tuned, measured Gemini model behind an alias."""
