import getpass
import sys

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q
from django.utils import timezone

from members.actions import add_person
from members.enums import GROUP_ROLES, STATE_ROLES, Language, Role
from members.models import Organisation, Person, State, current


class Command(BaseCommand):
    help = (
        "Add a person with a passphrase and a term of office from today on. Somebody with this address already gets "
        "the office only."
    )

    def add_arguments(self, parser):
        parser.add_argument("--email", required=True)
        parser.add_argument("--name", required=True, help="as the group shall read it")
        parser.add_argument("--role", required=True, choices=Role.values)
        parser.add_argument("--state", default="", help="two or three letters; of a delegation, chair or observer")
        parser.add_argument("--organisation", default="", help="the key of a partner organisation, such as unodc")
        parser.add_argument("--language", default="", choices=["", *Language.values], help="else the browser's")
        parser.add_argument("--passphrase-stdin", action="store_true", help="read it from the standard input")

    def handle(self, **options):
        state, organisation = self.owner(options["role"], options["state"], options["organisation"])
        person = Person.objects.filter(email__iexact=options["email"]).first()
        role = Role(options["role"])
        if person and self.holds(person, role, state, organisation):
            self.stdout.write(f"{person.email} has this office already; nothing is changed.")
            return
        try:
            if person:
                passphrase = None
            else:
                passphrase = self.passphrase(options["passphrase_stdin"])
                draft = Person(email=options["email"], full_name=options["name"])
                validate_password(passphrase, draft)
            added = add_person(
                email=options["email"],
                full_name=options["name"],
                role=options["role"],
                by=None,
                state=state,
                organisation=organisation,
                language=options["language"],
                password=passphrase,
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        if options["verbosity"]:
            self.stdout.write(
                f"{added.email} was known already and is now {role.label}; name and passphrase stay."
                if person
                else f"{added.email} is added as {role.label} and can sign in."
            )

    @staticmethod
    def holds(person: Person, role: Role, state: State | None, organisation: Organisation | None) -> bool:
        today = current(timezone.localdate())
        return person.terms.filter(today, role=role, state=state, organisation=organisation).exists()

    @staticmethod
    def owner(role: str, state: str, organisation: str) -> tuple[State | None, Organisation | None]:
        """What the office belongs to; says in one sentence what is missing or too much."""
        if role in STATE_ROLES:
            if not state or organisation:
                raise CommandError(f"The role {role} needs --state and no --organisation.")
            code = state.upper()
            found = State.objects.filter(Q(alpha2=code) | Q(alpha3=code)).first()
            if found is None:
                raise CommandError(f"There is no state with the code {state}.")
            return found, None
        if role in GROUP_ROLES:
            if state or organisation:
                raise CommandError(f"The role {role} takes neither --state nor --organisation.")
            return None, None
        if not organisation or state:
            raise CommandError(f"The role {role} needs --organisation and no --state.")
        partner = Organisation.objects.filter(key=organisation.lower()).first()
        if partner is None:
            keys = ", ".join(Organisation.objects.order_by("key").values_list("key", flat=True))
            raise CommandError(f"There is no organisation with the key {organisation}; there are: {keys or 'none'}.")
        return None, partner

    @staticmethod
    def passphrase(from_stdin: bool) -> str:
        if from_stdin:
            return sys.stdin.readline().rstrip("\r\n")
        if not sys.stdin.isatty():
            raise CommandError("There is no terminal to ask for the passphrase; use --passphrase-stdin.")
        first = getpass.getpass("Passphrase: ")
        if first != getpass.getpass("Again: "):
            raise CommandError("The two passphrases differ.")
        return first
