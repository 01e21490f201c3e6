"""Periodic reviews, scans and trials that persons put on record: `hatang review record`.

Each is due one interval after the last one, and the first one interval after the system came into use: until then
nothing can be overdue, and nothing is said to have been done.
"""

from __future__ import annotations

from typing import Any

import pytest

from hatang.policies.checks.kept import Kept


@pytest.mark.control("ACC-03")
def test_accounts_are_reviewed(value: Any, kept: Kept) -> None:
    """The list of accounts was reviewed within the interval."""
    kept.on_time()


@pytest.mark.control("ACC-12")
def test_rights_are_reviewed(value: Any, kept: Kept) -> None:
    """The granting of rights was reviewed within the interval."""
    kept.on_time()


@pytest.mark.control("AST-02")
def test_devices_are_counted(value: Any, kept: Kept) -> None:
    """The devices were counted within the interval."""
    kept.on_time()


@pytest.mark.control("AST-03")
def test_foreign_devices_are_looked_for(value: Any, kept: Kept) -> None:
    """Foreign devices were looked for within the interval."""
    kept.on_time()


@pytest.mark.control("AST-04")
def test_connected_assets_are_scanned_for(value: Any, kept: Kept) -> None:
    """What is connected was scanned for within the interval."""
    kept.on_time()


@pytest.mark.control("BKP-08")
def test_restore_is_tried(value: Any, kept: Kept) -> None:
    """A restore was tried within the interval, and the last trial succeeded."""
    kept.on_time()


@pytest.mark.control("BKP-12")
def test_copies_are_scanned(value: Any, kept: Kept) -> None:
    """Copies were scanned for malware within the interval."""
    kept.on_time()


@pytest.mark.control("CFG-04")
def test_configuration_document_is_reviewed(value: Any, kept: Kept) -> None:
    """The configuration document was reviewed within the interval."""
    kept.on_time()


@pytest.mark.control("CFG-12")
def test_allowed_software_is_reviewed(value: Any, kept: Kept) -> None:
    """The list of allowed software was reviewed within the interval."""
    kept.on_time()


@pytest.mark.control("CFG-14")
def test_unallowed_software_is_looked_for(value: Any, kept: Kept) -> None:
    """Software that nobody allowed was looked for within the interval."""
    kept.on_time()


@pytest.mark.control("CFG-15")
def test_ending_software_is_reviewed(value: Any, kept: Kept) -> None:
    """Software at the end of its support was reviewed within the interval."""
    kept.on_time()


@pytest.mark.control("DAT-10")
def test_data_access_logs_are_reviewed(value: Any, kept: Kept) -> None:
    """Logs of access to data were reviewed within the interval."""
    kept.on_time()


@pytest.mark.control("DEV-03")
def test_bill_of_materials_is_renewed(value: Any, kept: Kept) -> None:
    """The bill of materials was renewed within the interval."""
    kept.on_time()


@pytest.mark.control("INC-01")
def test_incident_contacts_are_verified(value: Any, kept: Kept) -> None:
    """Contacts for incidents were verified within the interval."""
    kept.on_time()


@pytest.mark.control("LOG-12")
def test_logs_are_reviewed(value: Any, kept: Kept) -> None:
    """Logs were reviewed within the interval."""
    kept.on_time()


@pytest.mark.control("LOG-19")
def test_dhcp_log_is_reviewed(value: Any, kept: Kept) -> None:
    """The DHCP log was reviewed within the interval."""
    kept.on_time()


@pytest.mark.control("MON-06")
def test_alert_thresholds_are_tuned(value: Any, kept: Kept) -> None:
    """Alert thresholds were tuned within the interval."""
    kept.on_time()


@pytest.mark.control("NET-18")
def test_network_papers_are_renewed(value: Any, kept: Kept) -> None:
    """Diagram and papers of the network were renewed within the interval."""
    kept.on_time()


@pytest.mark.control("SAC-15")
def test_matrix_of_rights_is_verified(value: Any, kept: Kept) -> None:
    """The matrix of rights was verified within the interval."""
    kept.on_time()


@pytest.mark.control("VUL-01")
def test_whole_system_is_scanned(value: Any, kept: Kept) -> None:
    """The system was scanned within the interval, and the record names every server that there was before that day."""
    last = kept.on_time()
    left_out = kept.left_out(last, before=last.day)
    assert not left_out, f"the document on record does not cover: {', '.join(left_out)}"


@pytest.mark.control("VUL-02")
def test_important_assets_are_scanned(value: Any, kept: Kept) -> None:
    """Important assets were scanned for weaknesses within the interval."""
    kept.on_time()
