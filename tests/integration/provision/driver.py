"""Plans and applies one system, as a process that tests can kill.

python -m tests.integration.provision.driver STATE NAME ACTION…    (plan, apply, destroy; each prints one JSON line)
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from hatang import settings
from hatang.catalogue.zones import zone_matrix
from hatang.inputs import load_site
from hatang.model.request import RequestFile
from hatang.provision.plan import Plan, load_plan
from hatang.provision.provisioner import Provisioner
from hatang.registry import Registry, SystemRecord

SITE = Path(__file__).resolve().parents[3] / "inventories" / "example" / "site.yaml"
TEXT = {"vi": "Hệ thống thử (ví dụ)", "en": "System under test (example)"}


def provisioner(state: Path) -> Provisioner:
    """The provisioner of a state folder."""
    own = settings.load(state_dir=state)
    return Provisioner(own, load_site(SITE, own.cache), lambda text: print(text, file=sys.stderr, flush=True))


def record(maker: Provisioner, name: str, code: str = "H99.77", level: int = 2, **more: object) -> SystemRecord:
    """A system in the registry, with addresses: one server with a volume in the application zone.

    Args:
        more: further fields of the system, such as document_storage.
    """
    system = {
        "name": name, "title": TEXT, "owner": "Chủ quản ví dụ", "operator": "Vận hành ví dụ", "level": level,
        "criteria": ["private-information" if level > 1 else "public-information-only"],
        "hosts": [{"name": "app", "zone": "application", "volume_gib": 1}], **more,
    }  # fmt: skip
    agency = {"code": code, "name": TEXT, "branch": "committee", "tier": "province", "contact": "thu@vi-du.example"}
    file = {"kind": "new-system", "requested_by": "nguoi-thu.vi-du", "agency": agency, "system": system}
    registry = Registry.open(maker.settings.registry)
    registry.submit(RequestFile.model_validate(file), "")
    asked = registry.system(name)
    if asked.allocation is None:
        spec = asked.spec
        registry.allocate(name, maker.site, zone_matrix().zones(spec.level, spec.document_storage, spec.public))
    return registry.system(name)


def main(state: Path, name: str, actions: list[str]) -> None:
    """Run the actions in turn; `apply` goes on with the plan that the last `plan` kept."""
    maker = provisioner(state)
    asked = record(maker, name)
    kept = state / "plans" / name / "chosen"
    for action in actions:
        if action == "plan":
            made: Plan = maker.plan_system(asked)
            kept.write_text(made.digest)
            print(json.dumps({"changes": made.changes, "rows": made.as_rows()}), flush=True)
        elif action == "apply":
            done = maker.apply_system(asked, load_plan(maker.settings, name, kept.read_text()))
            print(json.dumps({"changes": done.changes}), flush=True)
        elif action == "destroy":
            print(json.dumps({"changes": maker.destroy_system(asked).changes}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
