"""Ways from one system to another: which systems each joins, until when.

Why: whoever plans, checks or probes a system asks for its ways each time, so they must be found by system. Cost: none,
the table is new. Way back: requests keep all that was decided; ways that are open then are rules that nobody knows of,
so end them first.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "interconnect",
        sa.Column("request_id", sa.String(length=16), nullable=False),
        sa.Column("from_system", sa.String(length=31), nullable=False),
        sa.Column("to_system", sa.String(length=31), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("from_system <> to_system", name=op.f("ck_interconnect_two_systems")),
        sa.ForeignKeyConstraint(["from_system"], ["system.name"], name=op.f("fk_interconnect_from_system_system")),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_interconnect_request_id_request")),
        sa.ForeignKeyConstraint(["to_system"], ["system.name"], name=op.f("fk_interconnect_to_system_system")),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_interconnect")),
    )
    for column in ("from_system", "to_system"):
        op.create_index(op.f(f"ix_interconnect_{column}"), "interconnect", [column], unique=False)
    _only_add("interconnect")


def downgrade() -> None:
    op.drop_table("interconnect")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION interconnect_only_add()")


def _only_add(table: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE FUNCTION {table}_only_add() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'rows of % are only added', TG_TABLE_NAME "
            "USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_only_add BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {table}_only_add()"
        )
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are only added'); END"
        )
