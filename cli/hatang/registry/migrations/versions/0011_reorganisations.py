"""Bodies that become others, systems that pass from one to another, and for which body somebody decides.

Why: old codes must stay readable, and reports of past days must add up. Cost: none, the tables are new. Way back: who
administers a system stays as it is; what it was called before is lost, and whose owner agreed to what.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
TABLES = ("agency_change", "handover")


def upgrade() -> None:
    # No batch: SQLite would make the table anew, without its triggers.
    op.add_column("request_event", sa.Column("body", sa.String(length=200), nullable=False, server_default=""))
    op.create_table(
        "agency_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("old_code", sa.String(length=35), nullable=False),
        sa.Column("new_code", sa.String(length=35), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["new_code"], ["agency.code"], name=op.f("fk_agency_change_new_code_agency")),
        sa.ForeignKeyConstraint(["old_code"], ["agency.code"], name=op.f("fk_agency_change_old_code_agency")),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_agency_change_request_id_request")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agency_change")),
        sa.UniqueConstraint(
            "request_id", "old_code", "new_code", name=op.f("uq_agency_change_request_id_old_code_new_code")
        ),
    )
    op.create_table(
        "handover",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.String(length=16), nullable=False),
        sa.Column("system", sa.String(length=31), nullable=False),
        sa.Column("old_code", sa.String(length=35), nullable=False),
        sa.Column("new_code", sa.String(length=35), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["new_code"], ["agency.code"], name=op.f("fk_handover_new_code_agency")),
        sa.ForeignKeyConstraint(["old_code"], ["agency.code"], name=op.f("fk_handover_old_code_agency")),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_handover_request_id_request")),
        sa.ForeignKeyConstraint(["system"], ["system.name"], name=op.f("fk_handover_system_system")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover")),
        sa.UniqueConstraint("request_id", "system", name=op.f("uq_handover_request_id_system")),
    )
    for table, columns in (("agency_change", ("old_code", "new_code")), ("handover", ("system",))):
        for column in columns:
            op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)
        _only_add(table)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
        if op.get_bind().dialect.name == "postgresql":
            op.execute(f"DROP FUNCTION {table}_only_add()")
    op.drop_column("request_event", "body")


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
