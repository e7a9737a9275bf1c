"""Report: what became of a dataset's pairs, as lines for programs and as a page for people, kept up to date."""
