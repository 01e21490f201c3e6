"""${message}.

Why: …  Cost on a large table: …  Way back: downgrade().
"""

import sqlalchemy as sa
from alembic import op

import hatang.registry.tables
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
