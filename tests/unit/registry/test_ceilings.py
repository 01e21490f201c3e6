"""All systems of an agency stay within its ceiling: at submission, and again before a plan."""

from __future__ import annotations

import pytest

from hatang.errors import HatangError, InputErrors, QuotaError
from hatang.model.agency import QuotaCeiling
from hatang.model.case import Event
from hatang.model.lifecycle import Act, Role
from hatang.model.request import RequestFile
from hatang.registry import Registry
from tests.unit.registry.decided import approve, plan
from tests.unit.registry.test_registry import REQUEST, SITE, ZONES

FLAVOR = SITE.flavors[0]


def asks(name: str, count: int, /, *, volume_gib: int = 0, **ceiling: int) -> RequestFile:
    """A request for a system of so many hosts; one that states a ceiling when one is given."""
    first = REQUEST.system.hosts[0].model_copy(update={"flavor": FLAVOR.name, "volume_gib": volume_gib})
    made = tuple(first.model_copy(update={"name": f"h{i}"}) for i in range(count))
    agency = REQUEST.agency.model_dump(mode="json", exclude={"ceiling"}) | ({"ceiling": ceiling} if ceiling else {})
    system = REQUEST.system.model_copy(update={"name": name, "hosts": made})
    return RequestFile.model_validate(
        {**REQUEST.model_dump(mode="json"), "agency": agency, "system": system.model_dump(mode="json")}
    )


def approved(registry: Registry, file: RequestFile) -> str:
    """Submit and approve; the name of the system."""
    approve(registry, registry.submit(file, "", SITE).id, "nguoi-phe-duyet")
    return file.system.name


def refused(registry: Registry, file: RequestFile) -> HatangError:
    """How a submission is refused; nothing is recorded."""
    before = ([s.spec for s in registry.systems()], registry.requests(), registry.agencies())
    with pytest.raises(HatangError) as caught:
        registry.submit(file, "", SITE)
    assert ([s.spec for s in registry.systems()], registry.requests(), registry.agencies()) == before
    assert caught.value.exit_code == 2
    return caught.value


@pytest.fixture
def registry(url: str) -> Registry:
    """An agency that may have 4 hosts."""
    made = Registry.open(url)
    approved(made, asks("mot", 2, hosts=4, disk_gib=100))
    return made


@pytest.fixture(params=["vcpus", "ram_gib", "disk_gib", "hosts"])
def narrow(request: pytest.FixtureRequest) -> tuple[str, int, dict[str, int]]:
    """A field of the ceiling, what two hosts with 10 GiB each take of it, and a ceiling that is short of it by one."""
    taken = {"vcpus": 2 * FLAVOR.vcpus, "ram_gib": 2 * FLAVOR.ram_gib, "disk_gib": 20, "hosts": 2}
    field: str = request.param
    return field, taken[field], {field: taken[field] - 1}


def test_each_field_is_measured_over_all_systems(url: str, narrow: tuple[str, int, dict[str, int]]) -> None:
    field, taken, ceiling = narrow
    registry = Registry.open(url)
    approved(registry, asks("mot", 1, volume_gib=10, **ceiling))
    found = refused(registry, asks("hai", 1, volume_gib=10))
    assert isinstance(found, QuotaError)
    assert found.where == f"registry, agency H99.05, ceiling.{field}"
    assert found.what.startswith(f"system hai with mot takes {taken} ")
    assert found.what.endswith(f"; agency H99.05 has {taken - 1}")
    assert f"states a higher agency.ceiling.{field}" in found.do


def test_just_at_the_ceiling_is_within_it(registry: Registry) -> None:
    approved(registry, asks("hai", 2))
    registry.check_ceiling("hai", SITE)


def test_every_field_that_is_passed_is_named(registry: Registry) -> None:
    found = refused(registry, asks("hai", 3, volume_gib=50))
    assert isinstance(found, InputErrors)
    assert [e.where for e in found.errors] == [
        "registry, agency H99.05, ceiling.disk_gib",
        "registry, agency H99.05, ceiling.hosts",
    ]


def test_what_is_removed_does_not_count(registry: Registry) -> None:
    refused(registry, asks("hai", 4))
    registry.set_system_state("mot", "removed")
    approved(registry, asks("hai", 4))


def test_a_corrected_request_counts_once(registry: Registry) -> None:
    registry.submit(asks("hai", 2), "", SITE)
    registry.submit(asks("hai", 1), "", SITE)
    registry.submit(asks("ba", 1), "", SITE)
    assert len(registry.systems()) == 3


def test_a_higher_ceiling_holds_once_it_is_approved(registry: Registry) -> None:
    record = registry.submit(asks("hai", 3, hosts=6), "", SITE)
    registry.check_ceiling("hai", SITE)  # so that a plan can be shown to the approver
    assert registry.agency(record.agency_code).ceiling.hosts == 4
    assert "H99.05 has 4" in refused(registry, asks("ba", 2)).what
    approve(registry, record.id, "nguoi-phe-duyet")
    ceiling = registry.agency(record.agency_code).ceiling
    assert (ceiling.hosts, ceiling.disk_gib) == (6, 100), "what it does not state stays"
    approved(registry, asks("ba", 1))


def test_a_ceiling_that_nobody_approved_counts_for_no_other_request(url: str) -> None:
    registry = Registry.open(url)
    registry.submit(asks("mot", 1, hosts=10_000), "", SITE)
    assert registry.agency(REQUEST.agency.code).ceiling == QuotaCeiling()
    assert "H99.05 has 32" in refused(registry, asks("hai", 32)).what


def test_a_request_without_a_ceiling_leaves_it_as_it_is(registry: Registry) -> None:
    approved(registry, asks("hai", 1))
    assert registry.agency(REQUEST.agency.code).ceiling.hosts == 4


def test_approved_again_a_request_brings_no_old_ceiling_back(registry: Registry) -> None:
    first = registry.requests()[0]
    approved(registry, asks("hai", 3, hosts=6))
    plan(registry, first.id, "the cloud has moved since")
    approve(registry, first.id, "nguoi-phe-duyet-hai")
    assert registry.agency(first.agency_code).ceiling.hosts == 6


def test_another_agencys_systems_do_not_count(registry: Registry) -> None:
    file = asks("hai", 4)
    other = file.model_copy(update={"agency": file.agency.model_copy(update={"code": "H99.06"})})
    approved(registry, other)


def test_a_later_request_does_not_keep_a_system_from_being_repaired(url: str) -> None:
    registry = Registry.open(url)
    approved(registry, asks("mot", 2, vcpus=4 * FLAVOR.vcpus))
    registry.allocate("mot", SITE, ZONES)
    registry.submit(asks("hai", 9), "")  # without the site its vCPU are not known
    registry.check_ceiling("mot", SITE)
    with pytest.raises(QuotaError, match=rf"takes {11 * FLAVOR.vcpus} vCPU; agency H99\.05 has {4 * FLAVOR.vcpus}"):
        registry.check_ceiling("hai", SITE)


def test_without_a_site_hosts_and_block_storage_are_measured(registry: Registry) -> None:
    for count, gib, field in ((3, 0, "hosts"), (1, 101, "disk_gib")):
        with pytest.raises(QuotaError) as caught:
            registry.submit(asks("hai", count, volume_gib=gib), "")
        assert caught.value.where == f"registry, agency H99.05, ceiling.{field}"
        assert caught.value.exit_code == 2
    assert [s.spec.name for s in registry.systems()] == ["mot"]
    registry.submit(asks("hai", 2, volume_gib=50), "")


def grows(registry: Registry, name: str, count: int) -> None:
    """Ask for a system to have so many hosts."""
    file = asks(name, count).model_copy(update={"kind": "change"})
    registry.submit(file, "", SITE)


def used(registry: Registry, name: str) -> None:
    """The system becomes active."""
    registry.allocate(name, SITE, ZONES)
    registry.begin(registry.system(name).request_id)
    registry.set_system_state(name, "active")


def test_changes_that_wait_count_with_what_they_ask_for(url: str) -> None:
    """Each fits beside the other as it is; together they would not."""
    registry = Registry.open(url)
    approved(registry, asks("mot", 2, hosts=6))
    approved(registry, asks("hai", 2))
    for name in ("mot", "hai"):
        used(registry, name)
    grows(registry, "mot", 4)
    with pytest.raises(QuotaError, match=r"system hai with mot takes 7 hosts; agency H99\.05 has 6"):
        grows(registry, "hai", 3)
    assert "takes 7 hosts" in refused(registry, asks("ba", 1)).what
    waiting = next(r for r in registry.requests() if r.kind == "change")
    registry.act(waiting.id, Event(Act.REJECT, Role.OWNER, "nguoi-phe-duyet", note="không cần"))
    grows(registry, "hai", 3)


def test_a_change_that_waits_to_take_less_frees_nothing_yet(url: str) -> None:
    registry = Registry.open(url)
    approved(registry, asks("mot", 4, hosts=6))
    used(registry, "mot")
    grows(registry, "mot", 1)
    assert "system hai with mot takes 7 hosts" in refused(registry, asks("hai", 3)).what


def test_a_rejected_system_takes_nothing_and_keeps_nothing(registry: Registry) -> None:
    waiting = registry.submit(asks("hai", 2), "", SITE)
    plan(registry, waiting.id)
    registry.allocate("hai", SITE, ZONES)
    assert refused(registry, asks("ba", 2)).what.startswith("system ba with hai, mot takes 6 ")
    registry.act(waiting.id, Event(Act.REJECT, Role.OWNER, "nguoi-phe-duyet", note="không cần"))
    assert registry.system("hai").allocation is None
    registry.submit(asks("ba", 2), "", SITE)
    assert refused(registry, asks("hai", 1)).what.startswith("system hai with ba, mot takes 5 ")


def test_what_had_begun_before_it_was_rejected_keeps_its_addresses(registry: Registry) -> None:
    first = registry.submit(asks("hai", 1), "", SITE)
    approve(registry, first.id)
    registry.allocate("hai", SITE, ZONES)
    registry.begin(first.id)
    registry.fail(first.id, "apply", "ví dụ")
    again = registry.submit(asks("hai", 2), "", SITE)
    registry.allocate("hai", SITE, ZONES)
    registry.act(again.id, Event(Act.REJECT, Role.OWNER, "nguoi-phe-duyet", note="không cần"))
    assert registry.system("hai").allocation is not None
