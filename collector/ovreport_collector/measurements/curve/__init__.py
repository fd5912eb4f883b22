"""The latency–throughput curve."""
