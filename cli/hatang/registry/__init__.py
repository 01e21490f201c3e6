"""The registry: agencies, systems, addresses, hosts, requests, approvals, deployments, check runs."""

from hatang.registry.records import ApprovalRecord, HostRecord, RequestRecord, SystemRecord
from hatang.registry.store import Registry

__all__ = ["ApprovalRecord", "HostRecord", "Registry", "RequestRecord", "SystemRecord"]
