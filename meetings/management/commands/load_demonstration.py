from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from capabilities.actions.demonstration import load_rounds
from capabilities.actions.demonstration.figures import SEED, YEARS
from capabilities.models import Edition, Round
from meetings.actions.demonstration import load_meetings
from members.actions.demonstration import load_people


class Command(BaseCommand):
    help = (
        "Load the invented people, rounds, status, meetings and lessons of the demonstration. Safe to run again: where "
        "people, rounds or meetings are there already, they stay as they are."
    )

    def add_arguments(self, parser):
        parser.add_argument("--people-only", action="store_true", help="no rounds and no status")
        parser.add_argument("--seed", type=int, default=SEED, help="other figures for another number")

    def handle(self, **options):
        if not Edition.objects.exists():
            raise CommandError("Load the reference data first: manage.py load_reference.")
        with transaction.atomic():
            people = load_people(by=None, seed=options["seed"])
            assessments = 0 if options["people_only"] else load_rounds(by=None, seed=options["seed"])
            # Never invented meetings beside rounds that somebody entered.
            wanted = not options["people_only"] and not Round.objects.filter(is_demonstration=False).exists()
            meetings, lessons = load_meetings(by=None) if wanted else (0, 0)
        if options["verbosity"]:
            self.stdout.write(self.outcome(people, assessments, options["people_only"]))
            if meetings:
                self.stdout.write(f"{meetings} meetings and {lessons} lessons new.")

    @staticmethod
    def outcome(people: int, assessments: int, people_only: bool) -> str:
        if assessments:
            return f"Demonstration data loaded: {people} people new, {assessments} assessments in {len(YEARS)} rounds."
        if not Round.objects.exists():
            return f"Empty portal: reference data, {people} people new, no round yet."
        if people_only:
            return "There are rounds already; they stay. For an empty portal choose another DATA_DIR."
        if Round.objects.filter(is_demonstration=True).exists():
            return "Demonstration data kept as they are."
        return "There are rounds already; they stay, and no invented ones are added."
