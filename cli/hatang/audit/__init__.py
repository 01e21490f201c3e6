"""Runs the checks of policies/checks on hosts and cloud, and joins what they say to controls."""

from hatang.audit.results import CheckRun, Result
from hatang.audit.runner import check

__all__ = ["CheckRun", "Result", "check"]
