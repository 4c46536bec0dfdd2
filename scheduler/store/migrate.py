"""`python -m scheduler.store.migrate`: bring the database to this release's schema."""

import sys
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config

from config.settings import Settings, SettingsError, load
from scheduler.store.failures import DatabaseAwayError, telling_away
from scheduler.store.session import Store, make_store

ROOT = Path(__file__).parents[2]


def make_config(store: Store) -> Config:
    """Alembic's configuration for `store`."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["engine"] = store.engine
    return config


def migrate(store: Store) -> None:
    """Apply what is missing, under the write lock: a system that is up may be writing."""
    with store.write_lock():
        command.upgrade(make_config(store), "head")


def main() -> int:
    """Exit status 0, or 1 with a sentence on what to change."""
    try:
        settings = load(Settings)
        settings.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        with telling_away(), closing(make_store(settings.sql_url())) as store:
            migrate(store)
    except (SettingsError, DatabaseAwayError) as wrong:
        print(wrong, file=sys.stderr)  # noqa: T201  a command's own output
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
