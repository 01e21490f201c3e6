"""`hatang sandbox`: a real OpenStack and real hosts on this machine."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hatang.commands.app import App, emit_json, emit_table, examples, output_option, progress
from hatang.locale import _

if TYPE_CHECKING:
    from hatang.sandbox.lifecycle import Sandbox


@click.group(
    "sandbox",
    help=_("A real OpenStack and real hosts on this machine, for demo, tests and training."),
    epilog=examples("hatang sandbox up", "hatang sandbox status", "hatang sandbox down --wipe"),
)
def command() -> None:
    """Commands about the sandbox."""


def _sandbox(app: App, base_port: int = 0) -> Sandbox:
    from hatang.sandbox.lifecycle import Sandbox

    return Sandbox(app.settings.state_dir, app.settings.cache, base_port)


@command.command(
    "prepare",
    help=_("Build what is built once per machine: OpenStack environment, initialised state, host image."),
    epilog=examples("hatang sandbox prepare"),
)
@click.pass_obj
def prepare(app: App) -> None:
    """Prepare the caches."""
    _sandbox(app).prepare(progress)


@command.command(
    "up",
    help=_("Bring cloud and hosts up and return when they are ready. Starts only what is missing."),
    epilog=examples("hatang sandbox up", "hatang --state .hatang/two sandbox up --base-port 15040"),
)
@click.option(
    "--base-port",
    type=click.IntRange(1024, 32700),
    help=_("First of nine ports. Default: as before, 15000 for a new sandbox."),
)
@click.option("--no-hosts", is_flag=True, help=_("Servers exist in Nova only."))
@output_option
@click.pass_obj
def up(app: App, base_port: int | None, no_hosts: bool, output: str) -> None:
    """Bring the sandbox up."""
    from hatang import settings
    from hatang.errors import CloudError
    from hatang.sandbox.cloud import CloudError as SandboxError
    from hatang.sandbox.hosts.programs import HostsError

    sandbox = _sandbox(app, base_port or 0)
    app.settings.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    begun = time.monotonic()
    try:
        took = sandbox.up(progress, with_hosts=not no_hosts)
    except (SandboxError, HostsError, OSError, ValueError) as exc:
        raise CloudError(
            str(exc), where=f"{app.settings.state_dir / 'sandbox'}", do="see hatang sandbox logs, then run again"
        ) from exc
    files = {"ssh_config": sandbox.ssh_config, "places_file": sandbox.places_file}
    more = {name: str(file) for name, file in files.items() if file.exists()}
    settings.write(app.settings.state_dir, clouds_file=str(sandbox.clouds_file), cloud="hatang", **more)
    if output == "json":
        return emit_json("hatang.sandbox/1", seconds=took, **sandbox.status())
    return progress(_("sandbox ready in {n:.1f} s; clouds.yaml: {file}").format(
        n=time.monotonic() - begun, file=sandbox.clouds_file))  # fmt: skip


@command.command(
    "down",
    help=_("Stop everything. Disks and databases stay for the next `up`, unless --wipe."),
    epilog=examples("hatang sandbox down", "hatang sandbox down --wipe"),
)
@click.option("--wipe", is_flag=True, help=_("Remove the sandbox's data too."))
@click.pass_obj
def down(app: App, wipe: bool) -> None:
    """Stop the sandbox."""
    _sandbox(app).down(wipe)
    progress(_("sandbox is down"))


@command.command(
    "reset",
    help=_("Back to an empty cloud without hosts, running. Registry and engine state of the site are not touched."),
    epilog=examples("hatang sandbox reset"),
)
@click.pass_obj
def reset(app: App) -> None:
    """Reset the sandbox."""
    from hatang.errors import InputError

    try:
        _sandbox(app).reset(progress)
    except FileNotFoundError as exc:
        raise InputError("there is no sandbox", where=str(app.settings.state_dir), do="hatang sandbox up") from exc


@command.command(
    "status",
    help=_("Services and hosts: process, port, memory, readiness."),
    epilog=examples("hatang sandbox status", "hatang sandbox status --output json"),
)
@output_option
@click.pass_obj
def status(app: App, output: str) -> int:
    """Show the sandbox's state. Exit code 1 when something of it does not run."""
    found = _sandbox(app).status()
    ready = found["exists"] and all(row["ready"] is True for row in found["services"].values())
    if output == "json":
        emit_json("hatang.sandbox/1", ready=ready, **found)
        return 0 if ready else 1
    emit_table(
        [_("Service"), _("Pid"), _("Port"), _("MiB"), _("Ready")],
        [(n, r["pid"], r["port"], r.get("pss_mib"), r["ready"]) for n, r in found["services"].items()],
    )
    emit_table(
        [_("Host"), _("Address"), _("Running"), _("Problem")],
        [(h["name"], h["address"], h["running"], h["problem"]) for h in found["hosts"]],
    )
    if found.get("network_problem"):
        click.echo(_("Networks of the hosts: {problem}").format(problem=found["network_problem"]))
    if found["hosts_reason"]:
        click.echo(_("Hosts: none ({reason})").format(reason=found["hosts_reason"]))
    return 0 if ready else 1


@command.command(
    "logs",
    help=_("The end of a service's log (keystone, nova, … or agent); without a name, which logs there are."),
    epilog=examples("hatang sandbox logs", "hatang sandbox logs neutron --lines 50"),
)
@click.argument("service", required=False)
@click.option("--lines", default=20, show_default=True, type=click.IntRange(1, 10_000), help=_("How many lines."))
@click.option("--follow", is_flag=True, help=_("Go on printing until interrupted."))
@click.pass_obj
def logs(app: App, service: str | None, lines: int, follow: bool) -> None:
    """Print logs."""
    from hatang.errors import UnknownNameError

    sandbox = _sandbox(app)
    files = {p.stem: p for p in sorted((sandbox.cloud_state / "log").glob("*.log"))}
    if (agent := sandbox.hosts_state / "agent.log").exists():
        files["agent"] = agent
    if service is None:
        return emit_table([_("Log"), _("File")], sorted((n, str(p)) for n, p in files.items()))
    if service not in files:
        raise UnknownNameError(
            f"no log of {service}", where=str(sandbox.cloud_state / "log"), do=f"one of: {', '.join(sorted(files))}"
        )
    return _print_log(files[service], lines, follow)


def _print_log(file: Path, lines: int, follow: bool) -> None:
    with file.open(errors="replace") as stream:
        click.echo("".join(stream.readlines()[-lines:]), nl=False)
        while follow:
            if text := stream.read():
                click.echo(text, nl=False)
            else:
                time.sleep(0.3)
