"""Nothing lost, nothing twice: measured with senders that are killed (``manage.py bench_faults``)."""
