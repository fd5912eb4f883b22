"""TODO: throughput."""
