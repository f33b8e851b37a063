"""``manage.py add_person``: how the first people of a real portal come in."""

import io

import pytest
from django.core.management import CommandError, call_command

from members.access import viewer_for
from members.enums import Role
from members.models import Person
from tests.factories import MemberStateFactory, OrganisationFactory, PersonFactory

PASSPHRASE = "correct horse battery"


@pytest.fixture(autouse=True)
def _quick(settings, db):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def add(monkeypatch):
    """Run the command with the passphrase on the standard input; returns what it printed."""

    def run(*arguments: str, passphrase: str = PASSPHRASE, name: str = "Awa Test", email: str = "Awa@test.invalid"):
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{passphrase}\n"))
        out = io.StringIO()
        call_command("add_person", "--email", email, "--name", name, *arguments, "--passphrase-stdin", stdout=out)
        return out.getvalue().strip()

    return run


def test_adds_somebody_who_can_sign_in(add):
    assert (
        add("--role", "secretariat", "--language", "fr") == "awa@test.invalid is added as secretariat and can sign in."
    )
    person = Person.objects.get()
    assert (person.email, person.full_name, person.language) == ("awa@test.invalid", "Awa Test", "fr")
    assert person.check_password(PASSPHRASE)
    assert viewer_for(person).in_secretariat


@pytest.mark.parametrize("spelling", ["alpha2", "alpha3", "lower"])
def test_an_office_of_a_state(add, spelling):
    state = MemberStateFactory()
    code = {"alpha2": state.alpha2, "alpha3": state.alpha3, "lower": state.alpha2.lower()}[spelling]
    add("--role", "focal_point", "--state", code)
    assert viewer_for(Person.objects.get()).focal_states == {state.pk}


def test_an_office_of_an_organisation(add):
    organisation = OrganisationFactory(key="unodc")
    add("--role", "partner", "--organisation", "UNODC")
    assert viewer_for(Person.objects.get()).organisations == {organisation.pk}


def test_again_changes_nothing(add):
    add("--role", "administrator")
    assert add("--role", "administrator") == "awa@test.invalid has this office already; nothing is changed."
    assert Person.objects.get().terms.count() == 1


def test_a_further_office_keeps_name_and_passphrase(add):
    person = PersonFactory(email="awa@test.invalid", full_name="Awa", password=PASSPHRASE)
    assert add("--role", "secretariat", passphrase="x") == (
        "awa@test.invalid was known already and is now secretariat; name and passphrase stay."
    )
    person.refresh_from_db()
    assert person.full_name == "Awa"
    assert person.check_password(PASSPHRASE)
    assert viewer_for(person).roles == {Role.SECRETARIAT}


@pytest.mark.parametrize(
    ("arguments", "passphrase", "problem"),
    [
        (["--role", "secretariat"], "short", "too short"),
        (["--role", "secretariat"], "password1234", "tried first"),
        (["--role", "secretariat"], "awa@test.invalid", "Choose other words"),
        (["--role", "secretariat"], "", "too short"),
        (["--role", "delegate"], PASSPHRASE, "The role delegate needs --state and no --organisation."),
        (["--role", "delegate", "--state", "QQ"], PASSPHRASE, "There is no state with the code QQ."),
        (["--role", "partner"], PASSPHRASE, "The role partner needs --organisation and no --state."),
        (["--role", "partner", "--organisation", "x"], PASSPHRASE, "with the key x; there are: iom."),
        (["--role", "secretariat", "--state", "GH"], PASSPHRASE, "takes neither --state nor --organisation."),
        (["--role", "king"], PASSPHRASE, "invalid choice: 'king'"),
        (["--role", "secretariat", "--language", "de"], PASSPHRASE, "invalid choice: 'de'"),
    ],
)
def test_one_clear_line_and_nobody_added(add, arguments, passphrase, problem):
    OrganisationFactory(key="iom")
    with pytest.raises(CommandError) as refusal:
        add(*arguments, passphrase=passphrase)
    assert problem in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert not Person.objects.exists()


@pytest.mark.parametrize(("email", "name"), [("no address", "Awa"), ("awa@test.invalid", "")])
def test_address_and_name_are_checked(add, email, name):
    with pytest.raises(CommandError):
        add("--role", "secretariat", email=email, name=name)
    assert not Person.objects.exists()


def test_asks_twice_on_a_terminal(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    arguments = ("add_person", "--email", "a@test.invalid", "--name", "Awa", "--role", "secretariat")
    monkeypatch.setattr("sys.stdin", Terminal())
    typed = iter([PASSPHRASE, "something else"])
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(typed))
    with pytest.raises(CommandError, match="differ"):
        call_command(*arguments)
    typed = iter([PASSPHRASE, PASSPHRASE])
    call_command(*arguments, verbosity=0)
    assert Person.objects.get().check_password(PASSPHRASE)


def test_without_terminal_says_how(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(CommandError, match="--passphrase-stdin"):
        call_command("add_person", "--email", "a@test.invalid", "--name", "Awa", "--role", "secretariat")
