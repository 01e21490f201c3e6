"""Drives Ansible: inventory, hardening runs, and the way to a host."""

from hatang.hosts.access import ssh_argv
from hatang.hosts.runner import HardenResult, harden, wait_for_hosts

__all__ = ["HardenResult", "harden", "ssh_argv", "wait_for_hosts"]
