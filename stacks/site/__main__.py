"""Entry for `pulumi up` by hand; the configuration is what `hatang` wrote for this stack."""

import pulumi

from hatang.stacks.site.config import SiteConfig
from hatang.stacks.site.program import build

build(SiteConfig.model_validate(pulumi.Config("hatang").require_object("site")))
