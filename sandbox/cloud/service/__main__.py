"""Entry points inside the virtual environment; used by the manager, not by people.

python -m hatang.sandbox.cloud.service schema STATE_DIR SERVICE        create the databases of one service
python -m hatang.sandbox.cloud.service launch STATE_DIR SERVICE...     start service processes, print their pids
"""

from __future__ import annotations

import os
import sys
import warnings

warnings.filterwarnings("ignore")
os.environ["PYTHONWARNINGS"] = "ignore"
os.environ["OS_NOVA_DISABLE_EVENTLET_PATCHING"] = "1"
os.environ["OS_CINDER_DISABLE_EVENTLET_PATCHING"] = "1"


def main(argv: list[str]) -> None:
    from ..settings import Settings

    command, state_dir, *names = argv
    settings = Settings.load(state_dir)
    if command == "schema":
        from . import schema

        for name in names:
            schema.create(settings, name)
    elif command == "launch":
        from . import launch

        launch.launch(settings, names)
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
