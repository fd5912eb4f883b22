"""Inserts lines into the table, function or class that a module defines under a name."""

from __future__ import annotations

import ast
from pathlib import Path
from textwrap import indent

Definition = ast.Assign | ast.AnnAssign | ast.FunctionDef | ast.ClassDef


def insert(file: Path, symbol: str, text: str) -> None:
    """Add lines at the end of what `symbol` names in a module.

    A table gets them as its last entries, a class after its last field, a function as its last
    statements. LookupError where there is no such thing.
    """
    source = file.read_text(encoding="utf-8")
    line, depth = _end(_definition(ast.parse(source), symbol))
    lines = source.splitlines(keepends=True)
    lines.insert(line, indent(text.strip("\n") + "\n", " " * depth))
    file.write_text("".join(lines), encoding="utf-8")


def add_import(file: Path, statement: str) -> None:
    """Add an import after a module's last one."""
    source = file.read_text(encoding="utf-8")
    imports = [n for n in ast.parse(source).body if isinstance(n, ast.Import | ast.ImportFrom)]
    lines = source.splitlines(keepends=True)
    lines.insert(_last_line(imports[-1]), f"{statement}\n")
    file.write_text("".join(lines), encoding="utf-8")


def _definition(tree: ast.Module, symbol: str) -> Definition:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == symbol:
            return node
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Name) and target.id == symbol for target in targets):
                return node
    raise LookupError(f"nothing is named {symbol}")


def _end(node: Definition) -> tuple[int, int]:
    """Return the last line of the last entry, field or statement, and its depth in columns."""
    if isinstance(node, ast.FunctionDef):
        last: ast.stmt | ast.expr = node.body[-1]
        return _last_line(last), last.col_offset
    if isinstance(node, ast.ClassDef):
        last = [n for n in node.body if isinstance(n, ast.AnnAssign)][-1]
        return _last_line(last), last.col_offset
    # `{… for … in (…)}` and `Group("…", (…), …)` hold their table, a display of several lines.
    displays = (n for n in ast.walk(node) if isinstance(n, ast.Tuple | ast.Dict))
    table = next(n for n in displays if _last_line(n) > n.lineno)
    first = next(one for one in (table.elts if isinstance(table, ast.Tuple) else table.keys) if one)
    return _last_line(table) - 1, first.col_offset


def _last_line(node: ast.stmt | ast.expr) -> int:
    return node.end_lineno or node.lineno
