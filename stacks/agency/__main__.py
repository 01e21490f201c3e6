"""Entry for `pulumi up` by hand; the configuration is what `hatang` wrote for this stack."""

import pulumi

from hatang.stacks.agency.config import AgencyConfig
from hatang.stacks.agency.program import build

build(AgencyConfig.model_validate(pulumi.Config("hatang").require_object("agency")))
