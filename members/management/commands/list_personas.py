from django.core.management.base import BaseCommand

from members.queries import personas


class Command(BaseCommand):
    help = "List the invented people as whom a visitor of the demonstration may sign in."

    def handle(self, **options):
        for persona in personas():
            about = ", ".join(part for part in (persona.role, persona.detail.replace(" · ", ", ")) if part)
            self.stdout.write(f"{persona.key:<12} {persona.name}: {about}")
