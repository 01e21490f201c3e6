"""Drives Ansible: inventory, hardening runs, and the way to a host."""

from hatang.hosts.access import ssh_argv
from hatang.hosts.runner import HardenResult, harden
from hatang.hosts.variables import require_fitting
from hatang.hosts.waiting import wait_for_hosts

__all__ = ["HardenResult", "harden", "require_fitting", "ssh_argv", "wait_for_hosts"]
