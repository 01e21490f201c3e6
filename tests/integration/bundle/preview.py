"""Runs with the installed Python: the engine plans the example's landing. Prints what it would make, as JSON."""

import json
import sys
from pathlib import Path

from hatang import settings
from hatang.inputs import load_site
from hatang.provision.engine import Engine, Stack
from hatang.stacks.site.config import SiteConfig
from hatang.stacks.site.program import build

if __name__ == "__main__":
    state, site_file = Path(sys.argv[1]), Path(sys.argv[2])
    own = settings.load(state_dir=state)
    site = load_site(site_file, own.cache)
    roles = {name: name * 4 for name in ("member", "manager", "reader")}
    config = SiteConfig(site=site, image_file=str(site.image.file), role_ids=roles)
    nowhere = {"OS_AUTH_URL": "http://127.0.0.1:9/v3", "OS_USERNAME": "nobody", "OS_PASSWORD": "none"}
    engine = Engine(own, nowhere)
    report = engine.preview(
        Stack("hatang-site", "example"),
        lambda: build(config),
        config.model_dump(mode="json"),
        refresh=False,
        log=state / "preview.log",
    )
    kinds = [step["type"] for step in report.steps if step.get("op") == "create"]
    print(json.dumps({"plugin": str(engine.tools.plugin.resolve()), "kinds": kinds}))
