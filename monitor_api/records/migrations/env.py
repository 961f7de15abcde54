"""Alembic's way in: our tables, on the connection that `Database.migrate` opened."""

from alembic import context

from monitor_api.records import attention, clocks, courses, devices, orders, people, sessions, watching
from monitor_api.records.columns import Table

_ALL_TABLES = (attention, clocks, courses, devices, orders, people, sessions, watching)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
