"""`python -m ovreport`: the same as `ovreport`, by a named interpreter."""

from ovreport.cli import main

main()
