"""Everything Celery and kombu: queues, nudges, knocks, their inspection."""
