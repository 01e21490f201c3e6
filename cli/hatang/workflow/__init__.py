"""Durable workflows: the only place that orders provisioning, hardening and checks."""
