"""Reviews, drills and documents on record, their withdrawals; servers and their hardening runs.

Why: what a control demands of people (reviews within an interval, lists, documents) is judged from what was recorded;
whether a server was hardened before it went into use, from the runs. Cost: none, the tables are new; servers that were
hardened before this migration have no run on record until they are hardened again, and count as old as their system.
Way back: drop the tables.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
TABLES = ("review", "review_withdrawal", "hardened_host", "server")  # each after those that it points to


def upgrade() -> None:
    op.create_table(
        "review",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("control", sa.String(length=16), nullable=False),
        sa.Column("scope_kind", sa.String(length=8), nullable=False),
        sa.Column("scope", sa.String(length=63), nullable=False),
        sa.Column("system", sa.String(length=31), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("recorded_by", sa.String(length=200), nullable=False),
        sa.Column("document", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.Column("covers", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("scope_kind IN ('system', 'agency', 'site')", name=op.f("ck_review_scope_kind")),
        sa.CheckConstraint("(scope_kind = 'system') = (system IS NOT NULL)", name=op.f("ck_review_system")),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_review_sha256")),
        sa.ForeignKeyConstraint(["system"], ["system.name"], name=op.f("fk_review_system_system")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
    )
    with op.batch_alter_table("review", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_review_control"), ["control"], unique=False)
    op.create_table(
        "review_withdrawal",
        sa.Column("review_id", sa.String(length=16), nullable=False),
        sa.Column("withdrawn_by", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_review_withdrawal_review_id_review")),
        sa.PrimaryKeyConstraint("review_id", name=op.f("pk_review_withdrawal")),
    )
    op.create_table(
        "hardened_host",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("system", sa.String(length=31), nullable=False),
        sa.Column("host", sa.String(length=63), nullable=False),
        sa.Column("server_id", sa.String(length=36), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["system"], ["system.name"], name=op.f("fk_hardened_host_system_system")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hardened_host")),
    )
    with op.batch_alter_table("hardened_host", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hardened_host_system"), ["system"], unique=False)
    op.create_table(
        "server",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("system", sa.String(length=31), nullable=False),
        sa.Column("server_id", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["system"], ["system.name"], name=op.f("fk_server_system_system")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_server")),
        sa.UniqueConstraint("server_id", name=op.f("uq_server_server_id")),
    )
    with op.batch_alter_table("server", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_server_system"), ["system"], unique=False)
    _only_add()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION review_only_add()")


def _only_add() -> None:
    """Rows of these tables cannot be changed or deleted."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION review_only_add() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'rows of % are only added', TG_TABLE_NAME "
            "USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
        for table in TABLES:
            op.execute(
                f"CREATE TRIGGER {table}_only_add BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION review_only_add()"
            )
        return
    for table in TABLES:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are only added'); END"
            )
