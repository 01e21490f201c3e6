"""One act of every kind on record."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hatang.model.case import Event
from hatang.model.lifecycle import Act, Role
from hatang.model.review import ReviewEntry, ReviewScope
from hatang.model.seal import fingerprint
from hatang.registry import HostRecord, Registry
from hatang.registry.acts import note
from hatang.registry.agency_keys import AgencyKeys
from hatang.registry.history import History
from hatang.registry.persons import Persons
from hatang.registry.reviews import Reviews
from hatang.registry.waivers import Waivers
from tests.unit.registry.decided import approve
from tests.unit.registry.test_interconnects import asks_way, decide_way
from tests.unit.registry.test_registry import REQUEST, SITE, ZONES, named
from tests.unit.registry.test_reorganisations import carry_out, decide, in_use, move, reorganisation
from tests.unit.registry.test_waivers import proposal

SYSTEM = REQUEST.system.name
HOST = HostRecord(f"{SYSTEM}-web", SYSTEM, REQUEST.agency.code, "dmz", "10.72.0.5", "debian", "id-1", 3)


def everything(registry: Registry, folder: Path, said: str = "nothing special") -> None:
    """Ask, decide, carry out, check, waive, review.

    Args:
        folder: for artefacts, which hold `said` too.
        said: stands wherever a person or a program may write free text.
    """
    log, report = folder / "apply.log", folder / "run-1" / "report.json"
    report.parent.mkdir(parents=True, exist_ok=True)
    for file in (log, report):
        file.write_text(f'{{"output": "{said}"}}\n')
    request = registry.submit(REQUEST, f"# {said}\nkind: new-system\n", SITE)
    approve(registry, request.id)
    registry.allocate(SYSTEM, SITE, ZONES)
    registry.begin(request.id)
    registry.fail(request.id, "apply", f"the server said: {said}")
    registry.begin(request.id)
    now = datetime.now(UTC)
    done = {"changes": {"create": 3}, "log": str(log), "diagnostics": said}
    registry.record_deployment(SYSTEM, "apply", "ab" * 32, done, now, now, True)
    registry.record_hosts(SYSTEM, [HOST])
    History(registry).record_hardening([HOST], whole=True)
    note(registry, "host.harden", {"hosts": [HOST.name], "ok": True}, {"log harden.log": log})
    registry.record_check_run(SYSTEM, {"counts": {"met": 3}, "report": str(report.parent), "controls": {"why": said}})
    registry.set_system_state(SYSTEM, "active")
    other = registry.submit(named("other"), f"# {said}\n", SITE)
    registry.act(other.id, Event(Act.RETURN, Role.SPECIALISED, "nguoi-tra", note=said))
    _reorganised(registry)
    _joined(registry, said)
    _waived(Waivers(registry), said)
    _reviewed(Reviews(registry), said)
    Persons(registry).name_of("id-1", "an@h99-05")
    keys, public = AgencyKeys(registry), Ed25519PrivateKey.generate().public_key()
    keys.register(REQUEST.agency.code, public, "Trần Thị B", said)
    keys.revoke(fingerprint(public), "Lê Văn C", said)


def _reorganised(registry: Registry) -> None:
    in_use(registry, "H99.90", "sap-xep")
    file = reorganisation(move("recode", ["H99.90"], {"code": "H99.91"}), agency="H99.90")
    record = registry.submit(file, "", SITE)
    decide(registry, record.id)
    carry_out(registry, record.id)


def _joined(registry: Registry, said: str) -> None:
    for code, system in (("H99.80", "noi-mot"), ("H99.81", "noi-hai")):
        in_use(registry, code, system)
    record = registry.submit(asks_way("H99.80", "noi-mot", "noi-hai", reason=f"x: {said}"), "", SITE)
    decide_way(registry, record.id)
    registry.begin(record.id)
    registry.act(record.id, Event(Act.END, Role.SPECIALISED, "nguoi-ket-thuc", note=said))


def _waived(waivers: Waivers, said: str) -> None:
    until = date.today() + timedelta(days=90)
    waiver = waivers.propose(proposal(reason=said, measure=said, expires_on=until))
    waivers.approve(waiver.id, "Trần Thị B", note=said)
    waivers.revoke(waiver.id, "Lê Văn C", said)


def _reviewed(reviews: Reviews, said: str) -> None:
    entry = ReviewEntry.model_validate(
        {
            "control": "ACC-03", "scope_kind": ReviewScope.SYSTEM, "scope": SYSTEM, "day": date.today() - timedelta(1),
            "by": "Nguyễn Văn A", "document": f"{said}.pdf", "sha256": "a" * 64, "note": said,
        }
    )  # fmt: skip
    reviews.withdraw(reviews.record(entry).id, "Trần Thị B", said)
