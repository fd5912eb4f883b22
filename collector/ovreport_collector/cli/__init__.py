"""The collector's commands, one module each.

They are `collect`, `devices`, `doctor`, `inspect`, `models` and `tasks`.

A command's module declares its options and calls what does the work; it imports that late, so that
`ovreport --help` is quick. To add a command: a module here, and a line below
`[project.entry-points."ovreport.commands"]` in `pyproject.toml`.
"""
