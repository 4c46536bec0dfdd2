"""The party's worker for Celery's own command: `celery -A workers.celery worker -Q party.<id> --pool solo`."""

from config.settings import WorkerSettings, load
from workers.tasks import make_party_app

app = make_party_app(load(WorkerSettings))
