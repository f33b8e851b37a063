"""``manage.py verify_records``: is every record still as it was circulated? Exit code 1 when one is not."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from meetings.models import RecordVersion
from meetings.queries.versions import is_intact, sha256_of


class Command(BaseCommand):
    help = "Computes the hash of every circulated version of a record anew and compares it with the one given then."

    def handle(self, *args: Any, **options: Any) -> None:
        count, broken = 0, 0
        versions = RecordVersion.objects.select_related("record__meeting__group", "circulation")
        for version in versions.order_by("record", "number").iterator(chunk_size=20):
            count += 1
            if not is_intact(version):
                broken += 1
                meeting = version.record.meeting
                name = f"{meeting.group.key} {meeting.number}, version {version.number} ({version.circulation.state})"
                self.stdout.write(f"CHANGED  {name}: {version.sha256} was given, {sha256_of(version.content)} is found")
        self.stdout.write(f"{count} versions, {broken} changed since they were circulated.")
        if broken:
            sys.exit(1)
