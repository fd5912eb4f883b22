"""TODO: loadgen."""
