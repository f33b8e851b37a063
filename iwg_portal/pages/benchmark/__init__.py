"""What the pages cost: ``manage.py bench``. A benchmark, never part of the tests; nothing else imports it."""
