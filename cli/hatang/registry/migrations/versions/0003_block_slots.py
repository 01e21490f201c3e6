"""Slots of blocks.

Why: blocks were unique as text, so two of different prefix lengths could overlap; now each block takes the numbers of
the smallest blocks that it is made of, and the key refuses one that is taken. Removed systems give their addresses
back. Cost: one row per /26, sixteen per system of the usual size. Way back: drop the table; addresses of removed
systems stay given back. Two systems that overlap already are refused, by name: the cloud cannot tell them apart.
"""

from ipaddress import IPv4Network

import sqlalchemy as sa
from alembic import op

from hatang.errors import RefusedError

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    _release_removed()
    slots = op.create_table(
        "block_slot",
        sa.Column("slot", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("system", sa.String(length=31), nullable=False),
        sa.ForeignKeyConstraint(["system"], ["system.name"], name=op.f("fk_block_slot_system_system")),
        sa.PrimaryKeyConstraint("slot", name=op.f("pk_block_slot")),
    )
    with op.batch_alter_table("block_slot", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_block_slot_system"), ["system"], unique=False)
    op.bulk_insert(slots, [{"slot": number, "system": system} for number, system in _slots().items()])


def downgrade() -> None:
    op.drop_table("block_slot")


def _slots() -> dict[int, str]:
    """Numbers of /26 blocks and the systems that have them."""
    block = sa.table("block", sa.column("system"), sa.column("cidr"))
    found: dict[int, str] = {}
    for system, cidr in op.get_bind().execute(sa.select(block.c.system, block.c.cidr).order_by(block.c.system)):
        net = IPv4Network(cidr)
        for number in range(int(net.network_address) >> 6, (int(net.broadcast_address) >> 6) + 1):
            if found.setdefault(number, system) != system:
                raise RefusedError(
                    f"the blocks of systems {found[number]} and {system} overlap ({cidr})",
                    where="registry, table block",
                    do="remove one of the two with the hatang that gave them, then run this one again",
                )
    return found


def _release_removed() -> None:
    state = sa.table("system_state", sa.column("id"), sa.column("system"), sa.column("state"))
    newest = sa.select(sa.func.max(state.c.id)).group_by(state.c.system)
    removed = sa.select(state.c.system).where(state.c.id.in_(newest), state.c.state == "removed")
    for name in ("address", "zone", "block"):
        table = sa.table(name, sa.column("system"))
        op.execute(sa.delete(table).where(table.c.system.in_(removed)))
