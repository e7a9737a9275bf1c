"""Speech recognisers that answer in a model's place, on this machine: what a tuned model has to be better than."""
