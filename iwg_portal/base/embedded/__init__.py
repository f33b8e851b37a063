"""The embedded PostgreSQL and Valkey: used when DATABASE_URL / REDIS_URL are not set. See ``servers.py``."""
