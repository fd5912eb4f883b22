"""Start a site of one's own: settings and no records, where the commands expect them."""

from __future__ import annotations

import json
from pathlib import Path
from string import Template

from ovreport.errors import InputError, disk_errors
from ovreport_sitegen import config
from ovreport_sitegen.render import templates_folder

SITE, BEFORE = "site", "site-before"
"""The folder that `collect` and `build` use, and where `--replace` puts the one that was there."""


def start(folder: Path, title: str, *, replace: bool = False) -> list[Path]:
    """Write a new site below a folder; return its parts, the site that was there before last.

    Raises InputError where a site is there already, unless `replace` moves it aside, and
    ConfigError for a title that cannot be used. Nothing is deleted or overwritten.
    """
    site, before = folder / SITE, folder / BEFORE
    settings, about, records = site / config.FILE, site / "content" / "about.md", site / "records"
    is_taken = site.is_symlink() or (site.exists() and (not site.is_dir() or any(site.iterdir())))
    if is_taken and not replace:
        raise InputError(
            "there is a site already",
            where=str(site),
            remedy="Name another folder: ovreport init my-benchmarks. Or begin anew here with "
            f"--replace, which moves that site to {BEFORE}.",
        )
    if is_taken and (before.exists() or before.is_symlink()):
        raise InputError(
            "is there already, from an earlier --replace",
            where=str(before),
            remedy="Delete or rename it, then run the same command again.",
        )
    text = _settings(title)
    with disk_errors("cannot be written", where=site, remedy="Check space and permissions."):
        if is_taken:
            site.rename(before)
        records.mkdir(parents=True)
        about.parent.mkdir()
        settings.write_text(text, encoding="utf-8")
        about.write_text(_template("about.md"), encoding="utf-8")
    return [settings, about, records, *([before] if is_taken else [])]


def _settings(title: str) -> str:
    """Return the text of the settings; ConfigError for a title that cannot be used."""
    quoted = json.dumps(title, ensure_ascii=False).replace("\x7f", "\\u007f")  # TOML's rules
    text = Template(_template(config.FILE)).substitute(title=quoted)
    config.parse(text.encode("utf-8", "surrogatepass"), where="--title")
    return text


def _template(name: str) -> str:
    return (templates_folder() / "new-site" / name).read_text(encoding="utf-8")
