"""Start a site of one's own: settings and no records, where the commands expect them; a project."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from string import Template

from ovreport.errors import ConfigError, InputError, disk_errors
from ovreport_sitegen import config, inventory, project
from ovreport_sitegen.render import templates_folder

SITE, BEFORE = "site", "site-before"
"""The folder that `collect` and `build` use, and where `--replace` puts the one that was there."""


@dataclass(frozen=True)
class Started:
    """A site that was started."""

    written: list[Path]
    """Its parts: settings, a page, the folder of records; then the files of its project."""
    left: list[Path]
    """Files of a project that were there already, and were left as they are."""
    before: Path | None
    """Where the site that was there is now."""


def start(
    folder: Path,
    title: str,
    *,
    repository: str = "",
    replace: bool = False,
    fleet: Path | None = None,
) -> Started:
    """Write a new site below a folder, and the files of a project that holds nothing else.

    `repository`: its address on the web, for the settings. `replace` moves a site that is there
    aside, and leaves the rest of the folder alone: it belongs to a project already. `fleet`: an
    inventory of machines, copied into the project, which gets a workflow that measures on them.

    Raises InputError where a site is there already and is not to be replaced, and ConfigError for a
    title, an address or an inventory that cannot be used. Nothing is deleted or overwritten.
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
    text = _settings(title, repository)
    if fleet is not None:
        _check_fleet(fleet, replace)
    with disk_errors("cannot be written", where=folder, remedy="Check space and permissions."):
        if is_taken:
            site.rename(before)
        records.mkdir(parents=True)
        about.parent.mkdir()
        settings.write_text(text, encoding="utf-8")
        about.write_text(_template("about.md"), encoding="utf-8")
        copy = folder / inventory.FILE
        if fleet is not None and not copy.exists():
            shutil.copyfile(fleet, copy)
        written, left = ([], []) if replace else project.add(folder, title)
    return Started([settings, about, records, *written], left, before if is_taken else None)


def _check_fleet(fleet: Path, replace: bool) -> None:
    """Raise ConfigError for an inventory of no use, InputError where it has no place to go."""
    inventory.load(fleet)
    if replace:
        raise InputError(
            "this project is there already, and --replace leaves its workflows alone",
            where="--fleet",
            remedy=f"Copy the inventory to {inventory.FILE} in the project, then: "
            "ovreport init --check | git apply",
        )


def _settings(title: str, repository: str) -> str:
    """Return the text of the settings; ConfigError for a title or an address of no use."""
    text = Template(_template(config.FILE)).substitute(title=_quoted(title))
    repository = repository.removesuffix("/").removesuffix(".git")
    site_url = project.pages_address(repository)
    if repository.startswith("https://github.com/") and not site_url:
        raise ConfigError(
            "not the address of a repository",
            where="--repository",
            remedy="Give that of the repository itself: https://github.com/OWNER/NAME",
        )
    known = {"repository": repository, "site_url": site_url}
    for key, value in known.items():
        if value:
            line = f"{key} = {_quoted(value)}".replace("\\", r"\\")
            text = re.sub(rf"^# {key} = .*$", line, text, flags=re.MULTILINE)
    config.parse(text.encode("utf-8", "surrogatepass"), where="--title, --repository")
    return text


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")  # TOML's rules


def _template(name: str) -> str:
    return (templates_folder() / "new-site" / name).read_text(encoding="utf-8")
