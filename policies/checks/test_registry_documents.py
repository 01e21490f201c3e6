"""Documents that must be there when a system is in use, as persons put them on record: `hatang review record`.

What a document says is not read: these controls are proven in part, and their notes say what is left.
"""

from __future__ import annotations

from typing import Any

import pytest

from hatang.model.waiver import civil_day
from hatang.policies.checks.kept import Kept


@pytest.mark.control("BKP-01")
def test_backup_rules_cover_every_host(value: Any, kept: Kept) -> None:
    """Rules of backup are on record, and they name every server that the system has now."""
    left_out = kept.left_out(kept.document())
    assert not left_out, f"the document on record does not cover: {', '.join(left_out)}"


@pytest.mark.control("CFG-01")
def test_configuration_is_written_down(value: Any, kept: Kept) -> None:
    """The secure configuration is on record, and every server that the system has now was hardened in full."""
    kept.document()
    done = {r["server_id"] for r in kept.rows("hardened") if r["whole"]}
    bare = sorted(h["name"] for h in kept.hosts if h["server_id"] not in done)
    assert not bare, f"never hardened in full: {', '.join(bare)}"


@pytest.mark.control("DAT-14")
def test_flows_of_data_are_documented(value: Any, kept: Kept) -> None:
    """A document of the flows of data is on record."""
    kept.document()


@pytest.mark.control("HST-04")
def test_level_dossier_is_there(value: Any, kept: Kept) -> None:
    """The level dossier is on record."""
    kept.document()


@pytest.mark.control("NET-20")
def test_system_was_accepted(value: Any, kept: Kept) -> None:
    """The last acceptance on record succeeded, and one that did is of no later day than the first of use."""
    kept.document()
    if kept.in_use_at is None:
        return
    used = civil_day(kept.in_use_at)
    first = min(r.day for r in kept.reviews if r.succeeded)
    assert first <= used, f"accepted only on {first}; the system came into use on {used}"
