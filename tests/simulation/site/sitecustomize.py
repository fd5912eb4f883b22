"""Makes the measuring processes of a test use the simulated engine.

Python imports this module at its start if this folder is on its path, which only tests see to.
"""

import os

if "OVREPORT_SIMULATION" in os.environ:
    from tests.simulation.child_engine import install

    install()
