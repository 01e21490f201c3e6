"""Names of servers.

Why: two pairs of system and host may give one name; the table's key refuses it. Cost: one row per host that was asked
for and not removed. Way back: drop the table. Where systems clash already nothing is changed, and each name is told
with its systems: only one of them can ever become active, since the table of hosts refuses the other, and which of them
gives way is for people to say.
"""

import sqlalchemy as sa
from alembic import op

from hatang.errors import RefusedError

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    found = _names()
    names = op.create_table(
        "server_name",
        sa.Column("name", sa.String(length=63), nullable=False),
        sa.Column("system", sa.String(length=31), nullable=False),
        sa.ForeignKeyConstraint(["system"], ["system.name"], name=op.f("fk_server_name_system_system")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_server_name")),
    )
    with op.batch_alter_table("server_name", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_server_name_system"), ["system"], unique=False)
    op.bulk_insert(names, [{"name": name, "system": system} for name, system in found.items()])


def downgrade() -> None:
    op.drop_table("server_name")


def _names() -> dict[str, str]:
    """Names of servers and the systems that have them. Raises RefusedError: systems clash; every name is told."""
    found: dict[str, list[tuple[str, str]]] = {}
    for system, spec in _living():
        for host in spec["hosts"]:
            found.setdefault(f"{system}-{host['name']}", []).append((system, host["name"]))
    if clashes := {name: pairs for name, pairs in found.items() if len(pairs) > 1}:
        told = [
            f"{name} ({', '.join(f'host {host} of system {system}' for system, host in pairs)})"
            for name, pairs in sorted(clashes.items())
        ]
        raise RefusedError(
            f"servers of several systems have one name, the oldest system first: {'; '.join(told)}",
            where="registry, table system",
            do="with the hatang that made this registry, submit the request of one of them again with another name for "
            "the host, or remove it (hatang system destroy NAME --yes); then run this one again",
        )
    return {name: pairs[0][0] for name, pairs in found.items()}


def _living() -> list[tuple[str, dict[str, list[dict[str, str]]]]]:
    """Systems that are not removed, oldest first."""
    system = sa.table("system", sa.column("name"), sa.column("spec", sa.JSON()), sa.column("created_at"))
    state = sa.table("system_state", sa.column("id"), sa.column("system"), sa.column("state"))
    newest = sa.select(sa.func.max(state.c.id)).group_by(state.c.system)
    removed = sa.select(state.c.system).where(state.c.id.in_(newest), state.c.state == "removed")
    rows = sa.select(system.c.name, system.c.spec).where(system.c.name.not_in(removed))
    return [(name, spec) for name, spec in op.get_bind().execute(rows.order_by(system.c.created_at, system.c.name))]
