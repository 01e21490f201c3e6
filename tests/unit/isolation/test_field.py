"""Places that take part: one that cannot is a trouble, and its probes are no results."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from hatang import settings
from hatang.errors import InputError
from hatang.inputs import load_site
from hatang.isolation.expected import Probe, Spot
from hatang.isolation.places import Stand, load_places
from hatang.isolation.prove import Field
from hatang.isolation.station import Station, StationError

SITE = Path(__file__).resolve().parents[3] / "inventories" / "example" / "site.yaml"


def test_a_place_that_does_not_answer_is_a_trouble_and_nothing_is_said_of_it() -> None:
    dead = Stand(Spot("bastion-party", "bastion", ("10.67.255.2",), "party"), ("false",))
    field = Field(settings.load(), [], [dead])
    try:
        field.enter(["bastion-party"])
        made = field.run([Probe(1, "bastion-party", "web", "10.64.0.1", "tcp", 22, "", True)])
    finally:
        field.leave()
    assert made == []
    assert [t.split(":")[0] for t in field.troubles] == ["bastion-party"]


class Lossy(Station):
    """A place that hears a packet only when it was sent as often as said (a lossy link, which no test network is)."""

    def __init__(self, hears_after: dict[int, int]) -> None:
        self.hears_after, self.sent = hears_after, Counter[int]()

    def ask(self, do: str, **more: Any) -> Any:
        """As a prober would answer."""
        if do == "send":
            self.sent.update(row[0] for row in more["probes"])
            return {}
        return [n for n, after in self.hears_after.items() if self.sent[n] >= after]


def test_a_lost_packet_is_sent_again_and_what_is_closed_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hatang.isolation.prove.SETTLE_S", 0)
    field = Field(settings.load(), [], [])
    place = Lossy({1: 1, 2: 2, 3: 9, 4: 2})
    field.stations["web"] = place
    allowed = {1: True, 2: True, 3: True, 4: False}
    made = field.run([Probe(n, "web", "web", "10.64.0.1", "tcp", n, "", may) for n, may in allowed.items()])
    assert [(r.probe.number, r.difference) for r in made] == [(1, ""), (2, ""), (3, "blocked"), (4, "")]
    assert place.sent == {1: 1, 2: 2, 3: 3, 4: 1}


def test_a_program_that_is_not_there_is_said_so() -> None:
    with pytest.raises(StationError, match="no-such-program"):
        Station("there", ["no-such-program"])


@pytest.mark.skipif(os.geteuid() != 0, reason="packet sockets and network namespaces need root")
def test_a_prober_runs_and_ends_with_its_input() -> None:
    station = Station("here", ["unshare", "-n", "sh", "-c"])
    try:
        assert station.ask("open", token="00" * 8, serve=[], own=[]) == {}
        assert station.ask("send", probes=[[1, "tcp", "", "10.0.0.1", 22]]) == {"1": "no route"}
        assert station.ask("heard") == []
    finally:
        station.close()
    assert station._process.returncode == 0


LINK = 'ip link add there up type veth peer name far; ip link set far up; ip addr add {} dev there; exec sh -c "$1"'


@pytest.mark.skipif(os.geteuid() != 0, reason="packet sockets and network namespaces need root")
@pytest.mark.parametrize(
    ("own", "taken"), [("192.0.2.1/24", "192.0.2.53"), ("2001:db8::1/64", "2001:db8::53")]
)  # fmt: skip
def test_a_prober_sends_from_its_own_address_and_not_from_one_that_it_took(own: str, taken: str) -> None:
    station = Station("here", ["unshare", "-n", "sh", "-c", LINK.format(own), "sh"])
    try:
        links = station.ask("open", token="00" * 8, serve=[taken], own=[])
        assert links["there"]["addresses"] == [own.split("/")[0], taken]
    finally:
        station.close()


@pytest.mark.parametrize(
    "text",
    ["- {kind: bastion, addresses: [10.75.255.2]}\n", "- {kind: moon, addresses: [], command: [ssh]}\n", "[", "3\n",
     "- {kind: outside, addresses: [nowhere], command: [ssh]}\n"],
)  # fmt: skip
def test_a_wrong_file_of_places_is_refused_with_its_name(tmp_path: Path, text: str) -> None:
    file = tmp_path / "places.yaml"
    file.write_text(text)
    site = load_site(SITE, settings.load().cache)
    with pytest.raises(InputError) as caught:
        load_places(file, site)
    assert str(file) in str(caught.value)


def test_a_bastion_belongs_to_the_branch_whose_network_it_stands_in_and_services_are_known(tmp_path: Path) -> None:
    file = tmp_path / "places.yaml"
    file.write_text(
        "- {kind: bastion, addresses: [10.75.255.2], command: [ssh, b]}\n"
        "- {kind: outside, addresses: [203.0.113.1], command: [ssh, t], adds_addresses: true}\n"
    )
    site = load_site(SITE, settings.load().cache)
    bastion, outside = load_places(file, site)
    assert (bastion.spot.name, bastion.spot.branch) == ("bastion-committee", "committee")
    assert outside.spot.services[str(site.services.log_server)] == ("log",)
    assert str(site.services.log_server) in outside.serve
    assert load_places(None, site) == []
