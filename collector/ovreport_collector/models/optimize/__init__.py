"""Optimizes models by NNCF: `ovreport.variants` lists variants, `run` has their methods."""
