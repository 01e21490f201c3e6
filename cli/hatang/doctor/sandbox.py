"""Parts of the sandbox, and what of it is not what its name says (docs/reference/sandbox.md)."""

from __future__ import annotations

from typing import Any

from hatang.doctor.looks import Look, State, part
from hatang.provision.toolchain import IN_CLONE
from hatang.settings import Settings

NOT_BUNDLED = "make setup in a clone; the offline bundle brings no sandbox"
SET_UP = "make setup" if IN_CLONE else NOT_BUNDLED
UP = "hatang sandbox up"
ELSEWHERE = "only a real OpenStack shows this"


def _sandbox(settings: Settings) -> Any:
    from hatang.sandbox.lifecycle import Sandbox

    return Sandbox(settings.state_dir, settings.cache)


@part("openstack-environment", "sandbox", required=False, remedy=SET_UP)
def openstack_environment(settings: Settings) -> Look:
    """The OpenStack services themselves, in a Python environment of their own."""
    from hatang.sandbox.cloud import environment

    venv = environment.folder(settings.cache)
    if not environment.is_built(venv):
        return Look(State.MISSING, detail=f"{venv} is not there")
    found = sorted(venv.glob("lib/python*/site-packages/nova-*.dist-info"))
    version = f"nova {found[-1].name.removeprefix('nova-').removesuffix('.dist-info')}" if found else ""
    return Look(State.REAL, version, str(venv))


@part("golden-state", "sandbox", required=False, remedy=SET_UP)
def golden_state(settings: Settings) -> Look:
    """An initialised cloud from which each sandbox starts within seconds."""
    from hatang.sandbox.cloud import golden

    archive = golden.archive(settings.cache)
    return Look(State.REAL if archive.is_file() else State.MISSING, golden.key(), str(archive))


@part("host-image", "sandbox", required=False, remedy=SET_UP)
def host_image(settings: Settings) -> Look:
    """The Debian system that the sandbox's hosts boot."""
    from hatang.sandbox.hosts import image

    found = image.find(settings.cache / "images", image.name())
    if found is None:
        return Look(State.MISSING, image.name(), "not built yet; root builds it")
    return Look(State.REAL, f"{image.SUITE} {image.name()}", f"{found['dir']}, {found.get('mib', '?')} MiB")


@part("services", "sandbox", required=False, remedy=UP)
def services(settings: Settings) -> Look:
    """The nine OpenStack services of this state folder's sandbox: real ones, from their own packages."""
    found = _sandbox(settings).status()
    if not found["exists"]:
        return Look(State.MISSING, detail=f"no sandbox in {settings.state_dir}")
    rows = found["services"]
    idle = sorted(name for name, row in rows.items() if row["ready"] is not True)
    detail = f"{len(rows) - len(idle)} of {len(rows)} ready, ports from {found['base_port']}"
    return Look(
        State.MISSING if idle else State.REAL, detail=detail + (f"; not ready: {', '.join(idle)}" if idle else "")
    )


@part("hosts", "sandbox", required=False, remedy="run `hatang sandbox up` as root")
def hosts(settings: Settings) -> Look:
    """Servers that Nova reports ACTIVE are booted Debian hosts. Fake: they exist in Nova only, nothing hardens them."""
    from hatang.sandbox.hosts import control

    found = _sandbox(settings).status()
    reason = found["hosts_reason"]
    if found["exists"] and reason:
        return Look(State.FAKE, detail=f"servers are Nova-only: {reason}")
    if not found["exists"] or not found["agent"]:
        why = control.why_not()
        return Look(State.FAKE if why else State.MISSING, detail=why or "the hosts' agent does not run")
    running = sum(bool(h["running"]) for h in found["hosts"])
    return Look(State.REAL, detail=f"{running} of {len(found['hosts'])} running")


@part("hypervisor", "sandbox", required=False, remedy=ELSEWHERE)
def hypervisor(settings: Settings) -> Look:
    """Nova's own control plane is real; what runs a server is not a virtual machine."""
    from hatang.sandbox.hosts import control

    why = control.why_not()
    return Look(
        State.FAKE, detail="nothing runs the servers" if why else "containers (systemd-nspawn) share one kernel"
    )


@part("volume-storage", "sandbox", required=False, remedy=ELSEWHERE)
def volume_storage(settings: Settings) -> Look:
    """Cinder's API, types and quotas are real; a volume stores nothing."""
    return Look(State.FAKE, detail="volumes exist in Cinder's database only, types and their back-ends too")


@part("packet-filter", "sandbox", required=False, remedy=ELSEWHERE)
def packet_filter(settings: Settings) -> Look:
    """Networks are bridges, routers route, security groups are rules on packets. Fake: without root, none of it."""
    from hatang.sandbox.hosts import control

    if why := control.why_not():
        return Look(State.FAKE, detail=f"security groups are checked at the API, not on packets: {why}")
    return Look(State.REAL, detail="security groups and port security of Neutron, as nftables rules")


@part("load-balancers", "sandbox", required=False, remedy=ELSEWHERE)
def load_balancers(settings: Settings) -> Look:
    """Octavia's API is real; its load balancers carry no traffic."""
    return Look(State.FAKE, detail="a provider that completes every request and balances nothing")


@part("dns-servers", "sandbox", required=False, remedy=ELSEWHERE)
def dns_servers(settings: Settings) -> Look:
    """Designate's API is real; no name server serves its zones."""
    return Look(State.FAKE, detail="zones become ACTIVE without a server")
