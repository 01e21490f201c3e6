"""Runs the checks of policies/checks on hosts and cloud, joins what they say to controls, writes reports.

Nothing is imported here: the pytest plugin lives beside the runner and must not load the registry with it.
"""
