"""`hatang --help` answers at once because it loads next to nothing."""

from __future__ import annotations

import subprocess
import sys

HEAVY = {"pulumi", "ansible", "ansible_runner", "sqlalchemy", "pydantic", "pydantic_settings", "dbos", "openstack",
         "rich", "yaml", "testinfra", "alembic"}  # fmt: skip


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from hatang.__main__ import main; code = main(['--help']); "
        "print('\\n'.join(sorted({m.split('.')[0] for m in sys.modules})), file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "doctor" in done.stdout
    assert HEAVY & set(done.stderr.split()) == set()
