"""Concurrent first requests for each service, and whether what they made became usable."""

from __future__ import annotations

import http.client
import json
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hatang.sandbox.cloud import Cloud, Settings
from hatang.sandbox.cloud.rest import Session

OK = (200, 201, 202, 204)
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl example"
Request = tuple[str, str, object]  # method, path, JSON body


@dataclass(frozen=True)
class Answer:
    """What one request got: the status, or the name of the exception."""

    status: int | str
    what: str
    body: str


def prepare(cloud: Cloud) -> dict[str, str]:
    """Quotas, and the few objects which the requests refer to. Returns their ids."""
    k = Session(cloud.settings)
    p = k.project_id
    network_fields = ("network", "subnet", "port", "router", "security_group", "security_group_rule")
    k.request("PUT", "neutron", f"/v2.0/quotas/{p}", {"quota": dict.fromkeys(network_fields, -1)})
    compute_fields = ("instances", "cores", "ram", "key_pairs", "server_groups")
    k.request("PUT", "nova", f"/os-quota-sets/{p}", {"quota_set": dict.fromkeys(compute_fields, -1)})
    k.request("PUT", "cinder", f"/{p}/os-quota-sets/{p}", {"quota_set": dict.fromkeys(("volumes", "gigabytes"), -1)})
    k.request("PATCH", "designate", f"/v2/quotas/{p}", {"zones": 100000})
    net = k.request("POST", "neutron", "/v2.0/networks", {"network": {"name": "base"}})["network"]["id"]
    subnet = {"network_id": net, "ip_version": 4, "cidr": "10.0.0.0/16"}
    sub = k.request("POST", "neutron", "/v2.0/subnets", {"subnet": subnet})["subnet"]["id"]
    flavor = {"name": "base", "ram": 64, "vcpus": 1, "disk": 1}
    flavor_id = k.request("POST", "nova", "/flavors", {"flavor": flavor})["flavor"]["id"]
    image = {"name": "base", "disk_format": "raw", "container_format": "bare"}
    image_id = k.request("POST", "glance", "/v2/images", image)["id"]
    octets = {"Content-Type": "application/octet-stream"}
    k.request("PUT", "glance", f"/v2/images/{image_id}/file", {"some": "bytes"}, **octets)
    password = cloud.settings.admin_password
    return {"project": p, "net": net, "subnet": sub, "flavor": flavor_id, "image": image_id, "password": password}


def _keystone(x: str, i: dict[str, str]) -> list[Request]:
    user = {"name": "admin", "domain": {"id": "default"}, "password": i["password"]}
    login = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}}
    return [
        ("POST", "/v3/auth/tokens", login),
        ("POST", "/v3/projects", {"project": {"name": x, "domain_id": "default"}}),
        ("POST", "/v3/domains", {"domain": {"name": x}}),
        ("POST", "/v3/groups", {"group": {"name": x, "domain_id": "default"}}),
        ("POST", "/v3/users", {"user": {"name": x, "domain_id": "default", "password": "x" * 12}}),
        ("GET", "/v3/users", None),
    ]


def _placement(x: str, i: dict[str, str]) -> list[Request]:
    return [("POST", "/resource_providers", {"name": x}), ("GET", "/resource_providers", None)]


def _glance(x: str, i: dict[str, str]) -> list[Request]:
    image = {"name": x, "disk_format": "raw", "container_format": "bare"}
    return [
        ("POST", "/v2/images", image),
        ("GET", "/v2/images", None),
        ("POST", "/v2/metadefs/namespaces", {"namespace": x}),
    ]


def _nova(x: str, i: dict[str, str]) -> list[Request]:
    server = {"name": x, "flavorRef": i["flavor"], "imageRef": i["image"], "networks": [{"uuid": i["net"]}]}
    return [
        ("POST", "/v2.1/servers", {"server": server}),
        ("POST", "/v2.1/servers", {"server": server}),
        ("POST", "/v2.1/os-keypairs", {"keypair": {"name": x, "public_key": KEY}}),
        ("POST", "/v2.1/flavors", {"flavor": {"name": x, "ram": 64, "vcpus": 1, "disk": 1}}),
        ("PUT", f"/v2.1/os-quota-sets/{i['project']}", {"quota_set": {"instances": -1}}),
        ("GET", "/v2.1/servers/detail", None),
    ]


def _neutron(x: str, i: dict[str, str]) -> list[Request]:
    return [
        ("POST", "/v2.0/networks", {"network": {"name": x}}),
        ("POST", "/v2.0/security-groups", {"security_group": {"name": x}}),
        ("POST", "/v2.0/routers", {"router": {"name": x}}),
        ("POST", "/v2.0/ports", {"port": {"network_id": i["net"], "name": x}}),
        ("POST", "/v2.0/networks", {"network": {"name": x, "tenant_id": uuid.uuid4().hex}}),
        ("GET", "/v2.0/networks", None),
    ]


def _cinder(x: str, i: dict[str, str]) -> list[Request]:
    p = i["project"]
    return [
        ("POST", "/v3/volumes", {"volume": {"name": x, "size": 1}}),
        ("POST", "/v3/types", {"volume_type": {"name": x}}),
        ("PUT", f"/v3/{p}/os-quota-sets/{p}", {"quota_set": {"volumes": -1}}),
        ("GET", "/v3/volumes", None),
    ]


def _barbican(x: str, i: dict[str, str]) -> list[Request]:
    return [
        ("POST", "/v1/secrets", {"name": x, "payload": "a", "payload_content_type": "text/plain"}),
        ("POST", "/v1/containers", {"name": x, "type": "generic", "secret_refs": []}),
        ("GET", "/v1/secrets", None),
    ]


def _octavia(x: str, i: dict[str, str]) -> list[Request]:
    balancer = {"name": x, "vip_subnet_id": i["subnet"], "project_id": i["project"]}
    profile = {"name": x, "provider_name": "sandbox", "flavor_data": "{}"}
    return [
        ("POST", "/v2/lbaas/loadbalancers", {"loadbalancer": balancer}),
        ("GET", "/v2/lbaas/providers", None),
        ("POST", "/v2/lbaas/flavorprofiles", {"flavorprofile": profile}),
        ("GET", "/v2/lbaas/loadbalancers", None),
    ]


def _designate(x: str, i: dict[str, str]) -> list[Request]:
    return [
        ("POST", "/v2/zones", {"name": f"z{x}.example.org.", "email": "a@example.org"}),
        ("GET", "/v2/zones", None),
        ("GET", f"/v2/quotas/{i['project']}", None),
    ]


KINDS: dict[str, Callable[[str, dict[str, str]], list[Request]]] = {
    "keystone": _keystone, "placement": _placement, "glance": _glance, "nova": _nova, "neutron": _neutron,
    "cinder": _cinder, "barbican": _barbican, "octavia": _octavia, "designate": _designate,
}  # fmt: skip


def requests_for(service: str, ids: dict[str, str], n: int) -> list[Request]:
    """n first requests for one service: mostly writes, of several kinds."""
    made: list[Request] = []
    while len(made) < n:
        made += KINDS[service](uuid.uuid4().hex[:12], ids)
    return made[:n]


def burst(s: Settings, service: str, requests: Sequence[Request], token: str, patience: float = 0) -> list[Answer]:
    """Send all requests at the same moment. With patience (seconds) they arrive when the service opens its port."""
    answers: list[Answer] = []

    def one(method: str, path: str, body: object) -> None:
        headers = {"Content-Type": "application/json", "X-Auth-Token": token}
        if service == "nova":
            headers["OpenStack-API-Version"] = "compute 2.37"
        connection = _connect(s, service, patience)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            answers.append(Answer(response.status, f"{service} {method} {path}", response.read().decode()[:200]))
        except (OSError, http.client.HTTPException) as exc:
            answers.append(Answer(type(exc).__name__, f"{service} {method} {path}", str(exc)))
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=r) for r in requests]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(answers) == len(requests), f"{service}: {len(requests) - len(answers)} requests found no open port"
    return answers


def _connect(s: Settings, service: str, patience: float) -> http.client.HTTPConnection:
    end = time.monotonic() + patience
    while True:
        connection = http.client.HTTPConnection(s.host, s.port(service), timeout=120)
        try:
            connection.connect()
            return connection
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)


def bad(answers: Sequence[Answer]) -> list[Answer]:
    """Those that are not 2xx."""
    return [a for a in answers if a.status not in OK]


def unusable(s: Settings, patience: float = 60) -> list[str]:
    """Objects which were accepted but did not become usable in time."""
    end = time.monotonic() + patience
    while (found := _unusable_now(s)) and time.monotonic() < end:
        time.sleep(0.3)
    return found


def _unusable_now(s: Settings) -> list[str]:
    k = Session(s)
    kinds: list[tuple[str, list[dict[str, Any]], str, str]] = [
        ("server", k.get("nova", "/servers/detail")["servers"], "status", "ACTIVE"),
        ("volume", k.get("cinder", f"/{k.project_id}/volumes/detail")["volumes"], "status", "available"),
        (
            "load balancer",
            k.get("octavia", "/v2/lbaas/loadbalancers")["loadbalancers"],
            "provisioning_status",
            "ACTIVE",
        ),
        ("zone", k.get("designate", "/v2/zones")["zones"], "status", "ACTIVE"),
    ]
    return [f"{kind} {x[field]}" for kind, rows, field, wanted in kinds for x in rows if x[field] != wanted]
