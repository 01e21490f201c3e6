"""Public addresses of a tenant that is adopted: kept where the Internet may reach, told where it may not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hatang.errors import InputError
from hatang.model.adoption import AdoptionMap
from hatang.model.allocation import Allocation
from hatang.provision.adoption.addressing import addresses
from hatang.provision.adoption.discovery import discover
from hatang.provision.adoption.matching import match, unknown
from hatang.provision.adoption.tenant import PublicAddress, Tenant
from hatang.registry import SystemRecord
from tests.unit.adoption.tenants import asked, declaration, tenant, zones
from tests.unit.adoption.test_matching import REGION
from tests.unit.stacks.recorded import site


def used(there: Tenant, wanted: SystemRecord) -> Allocation:
    """Addresses that the registry would keep."""
    assert wanted.allocation is not None
    found = discover(there, wanted.spec, zones(), AdoptionMap(), site())
    return addresses(there, found, wanted.spec, site(), wanted.allocation, "bastion")


def test_the_address_of_a_host_at_the_border_is_taken_as_it_is() -> None:
    there, wanted = tenant(public=True), asked(public=True)
    other = replace(there, public=(replace(there.public[0], name="203.0.113.77"),))
    assert [str(h.public_address) for h in used(other, wanted).hosts if h.public_address] == ["203.0.113.77"]
    found = discover(there, wanted.spec, zones(), AdoptionMap(), site())
    matches = match(declaration(public=True), there, found, REGION)
    assert [d.name for d in matches.missing] == []
    assert unknown(there, found, matches) == []


def test_a_host_at_the_border_without_one_gets_one() -> None:
    there, wanted = replace(tenant(public=True), public=()), asked(public=True)
    assert wanted.allocation is not None
    assert set(used(there, wanted).hosts) == set(wanted.allocation.hosts)
    found = discover(there, wanted.spec, zones(), AdoptionMap(), site())
    missing = match(declaration(public=True), there, found, REGION).missing
    assert {d.type.rsplit(":", 1)[1] for d in missing} == {"FloatingIp", "FloatingIpAssociate"}


def test_one_that_leads_elsewhere_is_bound_anew() -> None:
    there, wanted = tenant(public=True), asked(public=True)
    moved = replace(there, public=(replace(there.public[0], port="port-web", fixed="10.72.0.74"),))
    found = discover(moved, wanted.spec, zones(), AdoptionMap(), site())
    missing = match(declaration(public=True), moved, found, REGION).missing
    assert [d.type.rsplit(":", 1)[1] for d in missing] == ["FloatingIpAssociate"]


def test_one_that_leads_past_the_border_is_refused_with_its_remedy() -> None:
    there, wanted = tenant(), asked()
    port = next(p for p in there.ports if p.id == "port-web")
    fixed = next(a for _, a in port.addresses if ":" not in a)
    leads = replace(there, public=(PublicAddress("f", "203.0.113.9", port.id, fixed),))
    with pytest.raises(InputError, match=r"203\.0\.113\.9 leads to host web in zone dmz") as refused:
        used(leads, wanted)
    assert "openstack floating ip unset --port 203.0.113.9" in refused.value.do


def test_one_that_leads_nowhere_is_told_and_left_alone() -> None:
    there = replace(tenant(), public=(PublicAddress("f", "203.0.113.9", "", ""),))
    assert used(there, asked()) == asked().allocation
    found = discover(there, asked().spec, zones(), AdoptionMap(), site())
    matches = match(declaration(), there, found, REGION)
    assert unknown(there, found, matches) == ["public address 203.0.113.9 f"]
