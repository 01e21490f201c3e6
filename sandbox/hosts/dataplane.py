"""Makes the data plane what Neutron says: bridges in one namespace, one namespace per router, one for the operator."""

from __future__ import annotations

import json
import logging
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..cloud.rest import HttpError, Session
from ..cloud.settings import Settings
from . import netns, nodes, places, plan
from .filter_state import FilterState
from .links import bridge_lines, link_name
from .neutron_lists import NeutronLists
from .plan import Lists, Node, Plan
from .programs import HostsError, run, write_json

log = logging.getLogger(__name__)
READ_EVERY_S = 0.8  # at most: lists cost Neutron time, while others wait for its answers


class Dataplane:
    """Converges on Neutron. Looks again only after Neutron's database file has changed.

    What it made is on record in `record`, so that a new agent takes it over as it is and no open connection is cut.
    """

    def __init__(self, ident: str, cloud: Settings, record: Path) -> None:
        self.id = ident
        self.record = record
        self.l2 = f"{ident}-net"
        self.operator = f"{ident}-op"
        self.outside = f"{ident}-out"
        self.cloud = cloud
        self._session: Session | None = None
        self._neutron = NeutronLists(cloud.db / "neutron.sqlite")
        self._stamp: tuple[int, ...] = ()
        self._bridges: set[str] = set()
        self._nodes: dict[str, Node] = {}
        self._fresh = True
        self._filters = FilterState(record.with_name("filters.json"), self.l2)
        self._look = threading.Event()
        self._not_before = 0.0
        self._is_due = True  # what was read is not in force yet
        self.problem = "Neutron was not read yet"

    def look_again(self) -> None:
        """Converge in the next turn even if Neutron has not changed: links of hosts have."""
        self._look.set()

    def converge(self) -> bool:
        """One turn; returns whether anything was done. Problems are kept in `problem` and tried again next turn."""
        stamp, asked = self._database_stamp(), self._look.is_set()
        if (stamp == self._stamp and not self.problem and not asked) or time.monotonic() < self._not_before:
            return False
        self._look.clear()
        try:
            self._session = self._session or Session(self.cloud)
            lists, changed = self._neutron.read(self._session)
            self._not_before = time.monotonic() + READ_EVERY_S
            self._is_due |= bool(changed) or asked
            if not self._is_due and not self.problem:
                self._stamp = stamp
                return False
            if missing := self._missing_operator_ports(lists):
                for network in missing:
                    self._make_operator_port(network)
                return True  # the next turn sees the new ports
            self._apply(plan.compute(lists))
        except (HttpError, HostsError, OSError, KeyError) as exc:
            if isinstance(exc, HttpError) and exc.status == 401:
                self._session = None
            if str(exc) != self.problem:
                log.warning("data plane: %s", exc)
            self.problem = str(exc) or type(exc).__name__
            return True
        self._stamp, self._is_due, self.problem = stamp, False, ""
        return True

    def _database_stamp(self) -> tuple[int, ...]:
        found = []
        for name in ("neutron.sqlite", "neutron.sqlite-wal"):
            path = self.cloud.db / name
            found += [path.stat().st_mtime_ns, path.stat().st_size] if path.exists() else [0, 0]
        return tuple(found)

    def _missing_operator_ports(self, lists: Lists) -> list[str]:
        if not plan.missing_operator_ports(lists, {n["project_id"] for n in lists.networks}):
            return []  # nobody has one: Keystone need not be asked whose they are
        return plan.missing_operator_ports(lists, self._platform_projects())

    def _platform_projects(self) -> set[str]:
        """Projects whose bastion networks are the platform's own: a tenant may give its network any name."""
        assert self._session is not None
        domains = self._session.get("keystone", f"/domains?name={plan.PLATFORM_DOMAIN}")["domains"]
        found: set[str] = set()
        for domain in domains:
            projects = self._session.get("keystone", f"/projects?name=bastion&domain_id={domain['id']}")["projects"]
            found |= {p["id"] for p in projects}
        return found

    def _make_operator_port(self, network: str) -> None:
        assert self._session is not None
        owner = self._session.get("neutron", f"/v2.0/networks/{network}")["network"]["project_id"]
        body = {
            "network_id": network, "project_id": owner, "name": "operator", "device_owner": plan.OPERATOR,
            "device_id": f"operator-{self.id}", "port_security_enabled": True, "security_groups": [],
        }  # fmt: skip
        self._session.request("POST", "neutron", "/v2.0/ports", {"port": body})

    def _apply(self, wanted: Plan) -> None:
        netns.add(self.l2)
        if self._fresh:
            self._take_over()
            self._fresh = False
        before = dict(self._nodes)
        try:
            self._converge_links(wanted)
        finally:
            if self._nodes != before:
                write_json(self.record, {name: asdict(node) for name, node in self._nodes.items()})
        ends = {self.operator: wanted.operator, self.outside: wanted.outside}
        places.write(self.record.with_name("places.yaml"), ends)

    def _take_over(self) -> None:
        """What a former agent left: nodes on record that are whole are kept, the rest is removed."""
        links = netns.links(self.l2)
        self._bridges = {link for link in links if link.startswith("b")}
        for name, node in _load(self.record).items():
            if netns.exists(name) and all(link_name("r", leg.port) in links for leg in node.legs):
                self._nodes[name] = node
        kept = {link_name("r", leg.port) for node in self._nodes.values() for leg in node.legs}
        # An open connection keeps the operator's namespace alive after its name is gone: take its links away.
        lost = sorted(link for link in links if link.startswith("r") and link not in kept)
        netns.batch(self.l2, [f"link del {link}" for link in lost], force=True)
        mine = [f"{self.id}-r", self.operator, self.outside]
        for name in {n for begin in mine for n in netns.named(begin)} - self._nodes.keys():
            netns.delete(name)

    def _converge_links(self, wanted: Plan) -> None:
        bridges = {link_name("b", n) for n in wanted.bridges}
        netns.batch(self.l2, [line for b in sorted(bridges - netns.links(self.l2)) for line in bridge_lines(b)])
        self._filters.converge(wanted.filters)  # before anything is plugged that it is to hold back
        self._plug_hosts(wanted.plugged)
        stand = {f"{self.id}-r{node.id[:8]}": node for node in wanted.routers} | {self.operator: wanted.operator}
        stand |= {self.outside: wanted.outside} if wanted.outside.legs else {}
        for name in [n for n in self._nodes if n not in stand]:
            self._drop_node(name, self._nodes[name])
        for name, node in stand.items():
            try:
                self._converge_node(name, node)
            except HostsError:
                self._drop_node(name, node)  # half-made: the next turn makes it anew
                raise
        netns.batch(self.l2, [f"link del {b}" for b in sorted(self._bridges - bridges)], force=True)
        self._bridges = bridges

    def _plug_hosts(self, plugged: frozenset[str]) -> None:
        """Set the bridge's end of each host's link up or down, as its port is."""
        up = {link_name("p", port) for port in plugged}
        now = netns.links_up(self.l2)
        ends = [link for link in sorted(now) if link.startswith("p")]
        lines = [f"link set {e} {'up' if e in up else 'down'}" for e in ends if (e in up) != now[e]]
        netns.batch(self.l2, lines, force=True)  # a host may be going just now

    def _drop_node(self, name: str, node: Node) -> None:
        legs = {*node.legs, *(self._nodes[name].legs if name in self._nodes else ())}
        have = netns.links(self.l2)
        gone = sorted(link_name("r", leg.port) for leg in legs)
        netns.batch(self.l2, [f"link del {link}" for link in gone if link in have], force=True)
        netns.delete(name)
        self._nodes.pop(name, None)

    def _converge_node(self, name: str, node: Node) -> None:
        if self._nodes.get(name) != node:
            nodes.make(self.l2, name, node, self._nodes.get(name))
            self._nodes[name] = node


def _load(record: Path) -> dict[str, Node]:
    try:
        found: dict[str, dict[str, Any]] = json.loads(record.read_text())
        return {name: plan.node_from_dict(raw) for name, raw in found.items()}
    except (OSError, ValueError, KeyError, TypeError):
        return {}  # nothing on record, or of another version: all is made anew


def bridge_settings(l2: str) -> None:
    """Bridged IP packets pass the IP hooks of the namespace, where the state of connections is known; ARP does not.

    Raises HostsError where the kernel cannot do so.
    """
    if not Path("/proc/sys/net/bridge").exists():
        run("modprobe", "br_netfilter")
    values = {"iptables": "1", "ip6tables": "1", "arptables": "0"}
    netns.sysctl(l2, {f"net.bridge.bridge-nf-call-{name}": value for name, value in values.items()})
