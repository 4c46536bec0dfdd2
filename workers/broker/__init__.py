"""The broker's side: which knocks are accepted, when they are fetched, and Celery events for Flower."""
