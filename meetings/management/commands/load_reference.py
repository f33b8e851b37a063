from django.core.management.base import BaseCommand

from capabilities.actions.reference import load_framework
from meetings.actions.reference import load_groups
from members.actions.reference import load_group, load_states


class Command(BaseCommand):
    help = "Load the group, its states and partners, the framework, the glossary and who meets. Safe to run again."

    def handle(self, **options):
        load_group(by=None)
        created, changed = load_states(by=None)
        edition, loaded = load_framework(by=None)
        groups = load_groups(by=None)
        if options["verbosity"]:
            self.stdout.write(f"States and partners: {created} new, {changed} changed.")
            self.stdout.write(f"Framework edition {edition.number}: {'loaded' if loaded else 'unchanged'}.")
            self.stdout.write(f"Groups: {groups} new.")
