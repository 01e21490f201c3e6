"""Drives the Pulumi engine: stacks, plans, recovery after a kill, and steps that its provider lacks."""

from hatang.provision.plan import Plan, load_plan
from hatang.provision.provisioner import Outcome, Provisioner

__all__ = ["Outcome", "Plan", "Provisioner", "load_plan"]
