"""Waivers: proposals, what they are pinned to, approvals, revocations.

Why: an exception to a control must name who answers for it, until when, and for which demand. Cost: none, the tables
are new. Triggers refuse to change or delete a row, so what was decided stays readable. Way back: drop the tables, and
with them every waiver; controls that were waived are then not met.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
TABLES = ("waiver", "waiver_pin", "waiver_approval", "waiver_revocation")  # each after those that it points to


def upgrade() -> None:
    op.create_table(
        "waiver",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("control", sa.String(length=16), nullable=False),
        sa.Column("scope_kind", sa.String(length=8), nullable=False),
        sa.Column("scope", sa.String(length=63), nullable=False),
        sa.Column("system", sa.String(length=31), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.String(length=200), nullable=False),
        sa.Column("proposer", sa.String(length=200), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("(scope_kind = 'agency') = (system IS NULL)", name=op.f("ck_waiver_system")),
        sa.CheckConstraint("scope_kind IN ('host', 'system', 'agency')", name=op.f("ck_waiver_scope_kind")),
        sa.ForeignKeyConstraint(["system"], ["system.name"], name=op.f("fk_waiver_system_system")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiver")),
        sa.UniqueConstraint("id", "proposer", name=op.f("uq_waiver_id_proposer")),
    )
    with op.batch_alter_table("waiver", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_waiver_control"), ["control"], unique=False)
    op.create_table(
        "waiver_pin",
        sa.Column("waiver_id", sa.String(length=16), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("applies", sa.String(length=200), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("clause", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("demand", sa.JSON(), nullable=False),
        sa.CheckConstraint("level BETWEEN 1 AND 5", name=op.f("ck_waiver_pin_level")),
        sa.ForeignKeyConstraint(["waiver_id"], ["waiver.id"], name=op.f("fk_waiver_pin_waiver_id_waiver")),
        sa.PrimaryKeyConstraint("waiver_id", "level", "applies", name=op.f("pk_waiver_pin")),
    )
    op.create_table(
        "waiver_approval",
        sa.Column("waiver_id", sa.String(length=16), nullable=False),
        sa.Column("proposer", sa.String(length=200), nullable=False),
        sa.Column("approved_by", sa.String(length=200), nullable=False),
        sa.Column("approver", sa.String(length=200), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("approver <> proposer", name=op.f("ck_waiver_approval_not_by_proposer")),
        sa.ForeignKeyConstraint(
            ["waiver_id", "proposer"],
            ["waiver.id", "waiver.proposer"],
            name=op.f("fk_waiver_approval_waiver_id_proposer_waiver"),
        ),
        sa.PrimaryKeyConstraint("waiver_id", name=op.f("pk_waiver_approval")),
    )
    op.create_table(
        "waiver_revocation",
        sa.Column("waiver_id", sa.String(length=16), nullable=False),
        sa.Column("revoked_by", sa.String(length=200), nullable=False),
        sa.Column("revoker", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["waiver_id"], ["waiver.id"], name=op.f("fk_waiver_revocation_waiver_id_waiver")),
        sa.PrimaryKeyConstraint("waiver_id", name=op.f("pk_waiver_revocation")),
    )
    _only_add()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION waiver_only_add()")


def _only_add() -> None:
    """Rows of these tables cannot be changed or deleted."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION waiver_only_add() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'rows of % are only added', TG_TABLE_NAME "
            "USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
        for table in TABLES:
            op.execute(
                f"CREATE TRIGGER {table}_only_add BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION waiver_only_add()"
            )
        return
    for table in TABLES:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are only added'); END"
            )
