"""Persons of Keystone, and keys of agencies with their revocations.

Why: over the network a person is a Keystone user, and who renames a user there must not become another person here;
request files of agencies without a connection are believed by their key. Cost: none, the tables are new. Way back: drop
the tables; sealed files are then refused until the keys are registered again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
TABLES = ("person", "agency_key", "agency_key_revocation")  # each after those that it points to


def upgrade() -> None:
    op.create_table(
        "person",
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_key", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_person")),
        sa.UniqueConstraint("name_key", name=op.f("uq_person_name_key")),
    )
    op.create_table(
        "agency_key",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("agency_code", sa.String(length=35), nullable=False),
        sa.Column("public", sa.String(length=64), nullable=False),
        sa.Column("registered_by", sa.String(length=200), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agency_key")),
    )
    with op.batch_alter_table("agency_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_agency_key_agency_code"), ["agency_code"], unique=False)
    op.create_table(
        "agency_key_revocation",
        sa.Column("key_id", sa.String(length=64), nullable=False),
        sa.Column("revoked_by", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["agency_key.id"], name=op.f("fk_agency_key_revocation_key_id_agency_key")),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_agency_key_revocation")),
    )
    _only_add()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION network_only_add()")


def _only_add() -> None:
    """Rows of these tables cannot be changed or deleted."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION network_only_add() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'rows of % are only added', TG_TABLE_NAME "
            "USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
        for table in TABLES:
            op.execute(
                f"CREATE TRIGGER {table}_only_add BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION network_only_add()"
            )
        return
    for table in TABLES:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are only added'); END"
            )
