"""`attune check`: the rules that judge pairs on arrival, on a folder before it is uploaded."""
