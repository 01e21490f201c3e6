"""The CrossGuard pack: rules of the cloud controls inside the engine. The same functions judge the plan beforehand.

Its configuration (`--policy-pack-config`) holds what the rules need to know of the site; see `hatang.provision.limits`.
"""

from __future__ import annotations

from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    PolicyConfigSchema,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

from hatang.policies.rules.resources import RESOURCE_RULES, Check, Limits, Planned, snake, stack_violations

KEYS = ("domain_role_ids", "volume_types", "zones", "bastions", "encrypted_types")
ANY = PolicyConfigSchema(properties={k: {} for k in KEYS})


def _limits(args: Any) -> Limits:
    config = args.get_config()
    return Limits(
        frozenset(config.get("domain_role_ids") or ()),
        config.get("volume_types") or {},
        config.get("zones") or {},
        config.get("bastions") or (),
        config.get("encrypted_types") or (),
    )


def _resource_policy(control: str, name: str, rule: Check) -> ResourceValidationPolicy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        resource = Planned(args.resource_type, args.name, snake(dict(args.props)))
        if message := rule(resource, _limits(args)):
            report(f"{control}: {args.name}: {message}", None)

    return ResourceValidationPolicy(name=name, description=rule.__doc__ or name, validate=validate, config_schema=ANY)


def _whole_stack(args: StackValidationArgs, report: ReportViolation) -> None:
    resources = [Planned(r.resource_type, r.name, snake(dict(r.props))) for r in args.resources]
    for violation in stack_violations(resources, _limits(args)):
        report(str(violation), None)


PolicyPack(
    name="hatang",
    enforcement_level=EnforcementLevel.MANDATORY,
    policies=[
        *(_resource_policy(control, name, rule) for control, name, rule in RESOURCE_RULES),
        StackValidationPolicy(
            name="whole-stack",
            description="NET-01, HST-03, DAT-02, NET-12, SAC-11, TSL-03 over the whole stack.",
            validate=_whole_stack,
            config_schema=ANY,
        ),
    ],
)
