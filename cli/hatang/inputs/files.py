"""Site and request files → models, with the rules that go beyond one file's schema."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from hatang.catalogue.volumes import goes_in_several_steps
from hatang.catalogue.zones import zone_matrix
from hatang.errors import InputError, InputErrors, QuotaError, SettingsError
from hatang.inputs.messages import validated
from hatang.inputs.yaml_lines import Document, parse, read
from hatang.model.asked import AnyRequest
from hatang.model.interconnect import LONGEST_DAYS, InterconnectFile, fault_of_day
from hatang.model.lifecycle import STANDING_KINDS, RequestKind
from hatang.model.needs import UNITS, needs
from hatang.model.reorganisation import Reorganisation
from hatang.model.request import RequestFile
from hatang.model.site import Site
from hatang.model.standing_request import StandingRequest
from hatang.model.terms import Branch, ZoneKind
from hatang.model.waiver import civil_day
from hatang.policies.rules.services import ADMINISTRATION, CLEAR_TEXT

# QĐ 09/2025/QĐ-TTg: H for People's Committees, K for People's Councils; no letter of Party bodies was found.
CODE_LETTERS = {Branch.COMMITTEE: "H", Branch.COUNCIL: "K"}


def load_site(path: Path | None, cache: Path | None = None) -> Site:
    """The site's description.

    Raises:
        SettingsError: no file was named.
        InputError, InputErrors: what is wrong with the file, with line, field and remedy.
    """
    if path is None:
        raise SettingsError(
            "no site file is named",
            where="--site, HATANG_SITE_FILE",
            do="hatang --site inventories/example/site.yaml …",
        )
    site = validated(Site, read(path))
    image = site.image.model_copy(update={"file": _found(site.image.file, path, cache)})
    software = tuple(
        s.model_copy(update={"packages_from": _found(s.packages_from, path, cache)}) if s.packages_from else s
        for s in site.software
    )
    return site.model_copy(update={"image": image, "software": software})


def _found(named: Path, site_file: Path, cache: Path | None) -> Path:
    """A file that the site file names, relative to it."""
    file = Path(str(named).replace("$HATANG_CACHE", str(cache or ""))).expanduser()
    return file if file.is_absolute() else site_file.parent / file


def load_request(path: Path, site: Site | None = None) -> tuple[RequestFile, str]:
    """A request file that describes a system, and its text; with a site, checked against what the site offers.

    Raises:
        InputError, InputErrors: what is wrong, with line, field and remedy.
    """
    return _request(read(path), site), path.read_text(encoding="utf-8-sig")


def request_of(raw: bytes, name: str, site: Site | None = None) -> tuple[AnyRequest, str]:
    """A request of any kind, also one that came from elsewhere than a file, and its text.

    Args:
        name: what errors call it.

    Raises:
        InputError, InputErrors: what is wrong, with line, field and remedy.
    """
    document = parse(raw, Path(name))
    kind = document.data.get("kind")
    if isinstance(kind, str) and kind in {k.value for k in STANDING_KINDS}:
        return validated(StandingRequest, document), raw.decode("utf-8-sig")
    if kind == RequestKind.REORGANISE:
        return validated(Reorganisation, document), raw.decode("utf-8-sig")
    if kind == RequestKind.INTERCONNECT:
        return _interconnect(document, site), raw.decode("utf-8-sig")
    return _request(document, site), raw.decode("utf-8-sig")


def _interconnect(document: Document, site: Site | None) -> InterconnectFile:
    """What can be seen without the registry: the day, ports that never pass, branches without such a network."""
    request = validated(InterconnectFile, document)
    faults = []
    if why := fault_of_day(request.until, civil_day(datetime.now(UTC))):
        do = f"write a day after today, at most {LONGEST_DAYS} days ahead; then it is asked for anew"
        faults.append(InputError(why, where=document.where(("until",)), do=do))
    for i, port in enumerate(request.ports):
        for services, why in ((ADMINISTRATION, "passes from the bastion alone (SAC-07)"),
                              (CLEAR_TEXT, "speaks in clear (NET-22)")):  # fmt: skip
            if port in services:
                faults.append(InputError(f"port {port}, {services[port]}, {why}", where=document.where(("ports", i)),
                    do="name the port of an encrypted service of the application"))  # fmt: skip
                break
    if site is not None and all(p.interconnect is None for p in site.branches):
        faults.append(InputError(f"site {site.name} has no interconnect network", where=document.where(("kind",)),
            do="add `interconnect` to a branch in the site file, and: hatang site apply"))  # fmt: skip
    if faults:
        raise InputErrors(faults)
    return request


def _request(document: Document, site: Site | None) -> RequestFile:
    request = validated(RequestFile, document)
    faults = [*_code_faults(request, document), *_zone_faults(request, document), *_volume_faults(request, document)]
    faults += _public_faults(request, document)
    if site is not None:
        faults += [*_site_faults(request, document, site), *_quota_faults(request, document, site)]
    if faults:
        raise InputErrors(faults)
    return request


def _code_faults(request: RequestFile, document: Document) -> list[InputError]:
    agency = request.agency
    letter = CODE_LETTERS.get(agency.branch)
    taken = {v: k for k, v in CODE_LETTERS.items()}.get(agency.code[0])
    if (letter and agency.code[0] != letter) or (taken and taken != agency.branch):
        expected = letter or "neither " + " nor ".join(CODE_LETTERS.values())
        return [
            InputError(
                f"code {agency.code} and branch {agency.branch.value} do not belong together",
                where=document.where(("agency", "code")),
                do=f"codes of branch {agency.branch.value} begin with {expected} (QĐ 09/2025/QĐ-TTg); correct one",
            )
        ]
    return []


def _zone_faults(request: RequestFile, document: Document) -> list[InputError]:
    system = request.system
    zones = [z.value for z in zone_matrix().zones(system.level, system.document_storage, system.public)]
    return [
        InputError(
            f"level {int(system.level)} has no zone {host.zone.value}",
            where=document.where(("system", "hosts", i, "zone")),
            do=f"use one of: {', '.join(zones)}",
        )
        for i, host in enumerate(system.hosts)
        if host.zone.value not in zones
    ]


def _public_faults(request: RequestFile, document: Document) -> list[InputError]:
    """The Internet reaches the zone border alone (SAC-04), so what is public has a host there."""
    system = request.system
    if not system.public or any(h.zone is ZoneKind.BORDER for h in system.hosts):
        return []
    return [
        InputError(
            "the system is public, and no host stands where the Internet may reach it",
            where=document.where(("system", "public")),
            do="add a host in zone border that passes HTTPS on to the zone dmz, such as {name: gateway, zone: border}; "
            "or leave system.public out",
        )
    ]


def _volume_faults(request: RequestFile, document: Document) -> list[InputError]:
    """A volume without a server goes with one call; where BKP-13 demands several, none is kept that way."""
    system = request.system
    if not system.kept_volumes or not goes_in_several_steps(system):
        return []
    return [
        InputError(
            f"at level {int(system.level)} the data of {volume.host} cannot stay without a server: a volume that is "
            "attached to none goes with one call (BKP-13)",
            where=document.where(("system", "kept_volumes", i)),
            do="keep the host; or state the loss of its data: data_loss",
        )
        for i, volume in enumerate(system.kept_volumes)
    ]


def _site_faults(request: RequestFile, document: Document, site: Site) -> list[InputError]:
    faults = []
    if request.agency.branch not in {p.branch for p in site.branches}:
        faults.append(
            InputError(
                f"site {site.name} has no addresses for branch {request.agency.branch.value}",
                where=document.where(("agency", "branch")),
                do="add the branch to the site file, or correct it here",
            )
        )
    if request.system.level not in {lv for t in site.volume_types for lv in t.levels}:
        faults.append(
            InputError(
                f"site {site.name} has no volume type for level {int(request.system.level)}",
                where=document.where(("system", "level")),
                do="add one to the site file",
            )
        )
    if request.system.public and site.internet is None:
        faults.append(
            InputError(
                f"site {site.name} gives no public addresses",
                where=document.where(("system", "public")),
                do="say which it gives: external_networks[].published of the site file; or leave system.public out",
            )
        )
    names = [f.name for f in site.flavors]
    faults += [
        InputError(
            f"site {site.name} has no flavor {host.flavor}",
            where=document.where(("system", "hosts", i, "flavor")),
            do=f"use one of: {', '.join(names)}",
        )
        for i, host in enumerate(request.system.hosts)
        if host.flavor not in names
    ]
    return faults


def _quota_faults(request: RequestFile, document: Document, site: Site) -> list[InputError]:
    asked = needs([request.system], site)
    ceiling = request.agency.ceiling.model_dump()
    return [
        QuotaError(
            f'system "{request.system.name}" asks for {want} {UNITS[name]}; '
            f"agency {request.agency.code} has {ceiling[name]}",
            where=document.where(
                ("agency", "ceiling", name) if ("agency", "ceiling") in document.lines else ("system", "hosts")
            ),
            do=f"ask for less, or state a higher agency.ceiling.{name}, which then needs approval with the request",
        )
        for name, want in asked.items()
        if want > ceiling[name]
    ]
