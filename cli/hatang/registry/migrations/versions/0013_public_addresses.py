"""Public addresses of hosts that serve the Internet.

Why: an address out there is known by names that nobody here rules, so whoever gives one up must keep it from others for
a while, and no two systems may ever have the same. Cost: none, the table is new. Way back: floating addresses stay on
the cloud, and nobody knows any more whose they are; withdraw them first (system.public: false).
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "public_address",
        sa.Column("address", sa.String(length=15), nullable=False),
        sa.Column("system", sa.String(length=31), nullable=False),
        sa.Column("host", sa.String(length=31), nullable=True),
        sa.Column("until", sa.DateTime(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("(host IS NULL) = (until IS NOT NULL)", name=op.f("ck_public_address_rests")),
        sa.ForeignKeyConstraint(["system"], ["system.name"], name=op.f("fk_public_address_system_system")),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_public_address")),
        sa.UniqueConstraint("system", "host", name=op.f("uq_public_address_system_host")),
    )
    op.create_index(op.f("ix_public_address_system"), "public_address", ["system"], unique=False)


def downgrade() -> None:
    op.drop_table("public_address")
