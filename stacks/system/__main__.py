"""Entry for `pulumi up` by hand; the configuration is what `hatang` wrote for this stack."""

import pulumi

from hatang.stacks.system.config import SystemConfig
from hatang.stacks.system.program import build

build(SystemConfig.model_validate(pulumi.Config("hatang").require_object("system")))
