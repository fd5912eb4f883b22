"""GGUF files as published: their weights, and the network that they are of, computed by numpy."""
