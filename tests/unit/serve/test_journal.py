"""What persons do over the network is in the journal as soon as they have their answer."""

from __future__ import annotations

from hatang import settings
from hatang.journal.journal import Journal
from hatang.journal.verify import compare_records, verify
from hatang.registry.pending import has_pending
from tests.unit.serve.place import Place, text


def test_acts_over_the_network_have_entries_with_the_persons_name(place: Place) -> None:
    place.submit("admin", text("moi"))
    registry = place.registry
    assert not has_pending(registry)
    rows, records = Journal(settings.load(state_dir=place.state), registry).rows.with_records()
    found = verify(rows)
    compare_records(found, records)
    assert found.holds
    last = [e for e in found.entries if e.act == "request.submit"][-1]
    assert last.actor == "admin@h99-05"
    assert any(e.act == "person.first-act" and e.facts["user_id"] == "id-admin" for e in found.entries)


def test_nobodys_request_fails_for_want_of_an_entry(place: Place) -> None:
    (place.state / "journal").write_text("a file, where the folder of the key belongs")
    assert place.submit("admin", text("moi"))["request"]["state"] == "submitted"
    assert has_pending(place.registry)
    (place.state / "journal").unlink()
    place.submit("admin", text("moi-nua"))
    assert not has_pending(place.registry)
