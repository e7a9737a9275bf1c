"""Run report: what became of a run, as a page for people and as figures for programs, beside its dataset's report."""
