"""What Alembic runs: the migrations, on the connection and in the transaction that are given."""

from __future__ import annotations

from alembic import context

from ka2nlp.review.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,  # the caller's transaction holds all of it
)
context.run_migrations()
