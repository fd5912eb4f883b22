"""The machine: what it is, what else runs on it, what it does while a round is measured."""
