"""What it looks like when the database cannot be reached or refuses, for those who may go on without it."""

import sqlite3
from typing import Final

import psycopg
from sqlalchemy.exc import SQLAlchemyError

STORE_FAILURES: Final[tuple[type[Exception], ...]] = (SQLAlchemyError, sqlite3.Error, psycopg.Error)
"""Through the driver's cursor its own errors come, through a session SQLAlchemy's."""
