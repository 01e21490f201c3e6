"""The engine's state of what was found, as if the engine had made it; a refresh then reads it from the cloud."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from hatang.provision.adoption.declared import STACK_TYPE, Declaration, Declared, referred, resolved
from hatang.provision.adoption.matching import Matches

PROVIDER = "pulumi:providers:openstack"


def resources(declaration: Declaration, matches: Matches, stack: str, project: str) -> list[dict[str, Any]]:
    """Resources of the state, none before what it needs.

    What the provider reads, a refresh puts right. What it never reads (the groups of a port) is as the cloud has it,
    so that the next plan shows where it differs from what the program says.
    """
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    kept = {d.urn for d in declaration.resources if not d.custom or d.is_provider} | {d.urn for d in matches.taken}
    providers: dict[str, str] = {}
    rows: list[dict[str, Any]] = []
    for declared in declaration.resources:
        if declared.urn not in kept:
            continue
        default = _default(declared, stack, project)
        if declared.custom and not declared.is_provider and not declared.provider and default not in providers:
            providers[default] = str(uuid.uuid4())
            rows.append(
                _stamped({"urn": default, "custom": True, "id": providers[default], "type": PROVIDER,
                          "inputs": {"version": declared.version}, "outputs": {"version": declared.version}}, now)
            )  # fmt: skip
        rows.append(_stamped(_row(declared, declaration, matches, kept, providers, default), now))
    return rows


def _default(declared: Declared, stack: str, project: str) -> str:
    """URN of the provider that a resource gets that names none."""
    return f"urn:pulumi:{stack}::{project}::{PROVIDER}::default_{declared.version.replace('.', '_')}"


def _row(
    declared: Declared, declaration: Declaration, matches: Matches, kept: set[str], providers: dict[str, str],
    default: str,
) -> dict[str, Any]:  # fmt: skip
    row: dict[str, Any] = {"urn": declared.urn, "custom": declared.custom, "type": declared.type}
    if declared.parent:
        row["parent"] = declared.parent
    if needs := [n for n in declared.needs if n in kept]:
        row["dependencies"] = needs
    if declared.type == STACK_TYPE:
        row["outputs"] = _known(declaration.outputs, matches)
    if not declared.custom:
        return row
    inputs = _known(declared.inputs, matches)
    if declared.secret:
        row["additionalSecretOutputs"] = list(declared.secret)
    if declared.is_provider:
        providers[declared.urn] = str(uuid.uuid4())
        fixed = {**inputs, "version": declared.version}
        return {**row, "id": providers[declared.urn], "inputs": fixed, "outputs": fixed}
    provider = declared.provider or default
    there = matches.id_of(declared)
    by_property = {k: [n for n in v if n in kept] for k, v in declared.by_property.items()}
    outputs = {**inputs, **matches.seen.get(declared.urn, {}), "id": there}
    return {
        **row, "id": there, "inputs": inputs, "outputs": outputs, "propertyDependencies": by_property,
        "provider": f"{provider}::{providers[provider]}",
    }  # fmt: skip


def _known(values: dict[str, Any], matches: Matches) -> dict[str, Any]:
    """Values with ids of the cloud; what is not on the cloud is left out, whole or as a part of a mapping."""
    found = {}
    for key, value in resolved(values, matches.ids).items():
        if isinstance(value, dict):
            found[key] = {k: v for k, v in value.items() if not referred(v)}
        elif not referred(value):
            found[key] = value
    return found


def _stamped(row: dict[str, Any], now: str) -> dict[str, Any]:
    return {**row, "created": now, "modified": now}
