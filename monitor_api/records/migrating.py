"""Alembic, which brings a schema to a revision."""

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from monitor_api.records.revisions import MIGRATIONS


def migration_config(connection: Connection) -> Config:
    """What Alembic needs to run our migrations on an open connection."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def upgrade(connection: Connection) -> None:
    """Run every migration that a store has not seen, in the transaction of its connection."""
    command.upgrade(migration_config(connection), "head")
