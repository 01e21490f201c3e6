"""Alembic's environment: runs on the connection that hatang.registry.database gives."""

from alembic import context

from hatang.registry import (  # noqa: F401 (their tables are part of the metadata)
    interconnect_tables,
    journal_tables,
    network_tables,
    public_tables,
    reorganisation_tables,
    request_tables,
    review_tables,
    waiver_tables,
    worker_tables,
)
from hatang.registry.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
