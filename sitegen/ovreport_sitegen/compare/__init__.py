"""Comparing two cases: precisions, variants, frameworks, and later releases."""
