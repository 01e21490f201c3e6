"""Drives the Pulumi engine: stacks, plans, recovery after a kill, and steps that its provider lacks.

Imports nothing here: set-up reads `toolchain.py` with the system's own Python, before any package is installed.
"""
