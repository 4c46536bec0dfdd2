"""`python -m scheduler`: the scheduler as a Celery worker on the queue `scheduler`."""

import sys

from config.logs import configure_logs
from config.settings import Settings, SettingsError, load
from scheduler.queues.app import run_worker
from scheduler.queues.names import SCHEDULER
from scheduler.queues.tasks import make_scheduler
from scheduler.store.schema import SchemaError, check_schema
from scheduler.store.session import make_store


def main() -> int:
    """Runs until SIGTERM; exit status 1 with a sentence where it cannot start."""
    try:
        settings = load(Settings)
        settings.need_broker()
    except SettingsError as wrong:
        print(wrong, file=sys.stderr)  # noqa: T201  logging is not set up yet
        return 1
    configure_logs(process="scheduler", level=settings.log_level, json_lines=settings.log_format == "json")
    store = make_store(settings.sql_url(), pool_size=1)
    try:
        check_schema(store)
    except SchemaError as wrong:
        print(wrong, file=sys.stderr)  # noqa: T201  a sentence, not a log line
        return 1
    finally:
        store.close()
    return run_worker(make_scheduler(settings), name=SCHEDULER, log_level=settings.log_level)


if __name__ == "__main__":
    sys.exit(main())
