"""Removals with their grace periods, and quarantine of what removed systems had.

Why: a system that is removed by request can be kept for some days, and its addresses and names rest before somebody
else gets them. Cost: none, the tables are new; systems removed before have given everything back. Way back: drop the
tables; what rests is free at once.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "removal",
        sa.Column("request_id", sa.String(length=16), nullable=False),
        sa.Column("system", sa.String(length=31), nullable=False),
        sa.Column("closed_at", sa.DateTime(), nullable=False),
        sa.Column("until", sa.DateTime(), nullable=False),
        sa.CheckConstraint("until >= closed_at", name=op.f("ck_removal_until")),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_removal_request_id_request")),
        sa.ForeignKeyConstraint(["system"], ["system.name"], name=op.f("fk_removal_system_system")),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_removal")),
    )
    with op.batch_alter_table("removal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_removal_system"), ["system"], unique=False)
    op.create_table(
        "quarantine",
        sa.Column("system", sa.String(length=31), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("until", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["system"], ["system.name"], name=op.f("fk_quarantine_system_system")),
        sa.PrimaryKeyConstraint("system", name=op.f("pk_quarantine")),
    )


def downgrade() -> None:
    resting = sa.select(sa.table("quarantine", sa.column("system")).c.system)
    for name in ("address", "zone", "block_slot", "block", "server_name"):  # the former schema knows no rest
        table = sa.table(name, sa.column("system"))
        op.execute(sa.delete(table).where(table.c.system.in_(resting)))
    op.drop_table("quarantine")
    op.drop_table("removal")
