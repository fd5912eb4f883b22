"""Written by `tests/benchmarks/steps_simulation.py --write`."""

LIMITS: dict[int, float] = {6: 3.2, 8: 3.2, 200: 3.6}
