"""Names of servers.

Why: two pairs of system and host may give one name; the table's key refuses it. Cost: one row per host that was asked
for and not removed. Where two systems clash already the older one keeps the name: the other could never become active,
since the table of hosts refused it. Way back: drop the table.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    names = op.create_table(
        "server_name",
        sa.Column("name", sa.String(length=63), nullable=False),
        sa.Column("system", sa.String(length=31), nullable=False),
        sa.ForeignKeyConstraint(["system"], ["system.name"], name=op.f("fk_server_name_system_system")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_server_name")),
    )
    with op.batch_alter_table("server_name", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_server_name_system"), ["system"], unique=False)
    found: dict[str, str] = {}
    for system, spec in _living():
        for host in spec["hosts"]:
            found.setdefault(f"{system}-{host['name']}", system)
    op.bulk_insert(names, [{"name": name, "system": system} for name, system in found.items()])


def downgrade() -> None:
    op.drop_table("server_name")


def _living() -> list[tuple[str, dict[str, list[dict[str, str]]]]]:
    """Systems that are not removed, oldest first."""
    system = sa.table("system", sa.column("name"), sa.column("spec", sa.JSON()), sa.column("created_at"))
    state = sa.table("system_state", sa.column("id"), sa.column("system"), sa.column("state"))
    newest = sa.select(sa.func.max(state.c.id)).group_by(state.c.system)
    removed = sa.select(state.c.system).where(state.c.id.in_(newest), state.c.state == "removed")
    rows = sa.select(system.c.name, system.c.spec).where(system.c.name.not_in(removed))
    return [(name, spec) for name, spec in op.get_bind().execute(rows.order_by(system.c.created_at, system.c.name))]
