"""The party host: claims tasks from the gateway, runs them, reports how they ended; no database."""
