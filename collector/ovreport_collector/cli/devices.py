"""The command `devices`: what OpenVINO finds on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ovreport_collector.cli.options import plugin_option

if TYPE_CHECKING:
    from ovreport_collector.jobs import ProbeResult


@click.command(
    epilog="\b\nExamples:\n  ovreport devices\n  ovreport devices --json | jq '.devices[].name'\n"
)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@plugin_option
def devices(as_json: bool, plugins: dict[str, str]) -> None:
    """Show every OpenVINO device of this machine, and why others are missing."""
    from ovreport_collector.plan.devices import probe

    found = probe([], plugins)
    if as_json:
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=1).decode())
    else:
        _show_devices(found)


def _show_devices(found: ProbeResult) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    table = Table(box=None, pad_edge=False)
    for heading in ("device", "name", "driver", "capabilities", "default precision"):
        table.add_column(heading, overflow="fold")
    for device in found.devices:
        default = device.properties.get("INFERENCE_PRECISION_HINT", "unknown")
        cells = (
            device.name,
            device.full_name,
            device.driver,
            ", ".join(device.capabilities),
            default,
        )
        table.add_row(*map(escape, cells))
    console.print(table)
    for missing in found.unavailable:
        console.print(
            f"\n[bold]{escape(missing.name)}[/bold]  not available: {escape(missing.reason)}"
        )
        if missing.remedy:
            console.print(f"  → {escape(missing.remedy)}")
    console.print(f"\nOpenVINO {escape(found.openvino)}", highlight=False)
