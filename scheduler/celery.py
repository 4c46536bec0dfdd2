"""The scheduler's process: `celery -A scheduler.celery worker -Q scheduler`."""

from config.settings import Settings, load
from scheduler.queues.tasks import make_scheduler

app = make_scheduler(load(Settings))
