"""The command `devices`: what OpenVINO finds on this machine."""

from __future__ import annotations

import click

from ovreport_collector.cli.options import json_option, plugin_option

_EXAMPLES = """
\b
Examples:
  ovreport devices
  ovreport devices --json | jq '.devices[].name'
  ovreport devices --plugin NVIDIA=/opt/libopenvino_nvidia_gpu_plugin.so
"""


@click.command(epilog=_EXAMPLES, short_help="Show OpenVINO devices, and why some are missing.")
@json_option
@plugin_option
def devices(as_json: bool, plugins: dict[str, str]) -> None:
    """Show every OpenVINO device of this machine, and why others are missing."""
    import msgspec

    from ovreport_collector.cli import output
    from ovreport_collector.plan.devices import probe

    found = probe([], plugins)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=1).decode())
    else:
        output.show_devices(found)
