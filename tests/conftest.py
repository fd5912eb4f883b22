"""What holds for all tests."""

from hypothesis import settings

# A busy machine is no fault of the code: limits of time belong to tests that are about time.
settings.register_profile("ovreport", deadline=None)
settings.load_profile("ovreport")
