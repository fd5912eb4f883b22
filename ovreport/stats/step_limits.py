"""How clear the clearest cut of series without a step is in 1 % of them, by length.

Written by `tests/benchmarks/steps_simulation.py --write`.
"""

LIMITS: dict[int, float] = {
    6: 2.729,
    7: 2.994,
    8: 2.990,
    9: 3.064,
    10: 3.091,
    12: 3.169,
    14: 3.223,
    17: 3.233,
    20: 3.302,
    23: 3.301,
    24: 3.744,
    30: 3.749,
    40: 3.764,
    60: 3.862,
}
