"""From a row to a message: headers, languages, and what is refused."""

import email
import email.policy

import pytest
from django.utils.safestring import mark_safe

from iwg_portal.mail import compose
from iwg_portal.mail.kinds import KINDS, Kind
from tests.factories import PersonFactory, WorkingGroupFactory

pytestmark = pytest.mark.django_db


def read(message):
    return email.message_from_bytes(message.message().as_bytes(), policy=email.policy.default)


def test_the_headers_of_a_mail(plan, settings):
    settings.MAIL_REPLY_TO = "secretariat@example.org"
    mail = plan(PersonFactory(language="fr"))
    found = read(compose.message(mail))
    assert found["Message-ID"] == mail.message_id
    assert found["Auto-Submitted"] == "auto-generated"
    assert found["Content-Language"] == "fr"
    assert found["To"] == mail.recipient.email
    assert found["From"] == settings.DEFAULT_FROM_EMAIL
    assert found["Reply-To"] == "secretariat@example.org"
    assert found["Date"].datetime.tzinfo is not None
    assert found["Cc"] is found["Bcc"] is None
    assert [part.get_content_type() for part in found.iter_parts()] == ["text/plain", "text/html"]


def test_the_message_id_stays_the_same_when_it_is_composed_again(plan):
    mail = plan()
    assert read(compose.message(mail))["Message-ID"] == read(compose.message(mail))["Message-ID"]


def test_it_is_seven_bits_on_the_wire(plan):
    content = compose.message(plan(PersonFactory(language="fr", full_name="Aïcha Modèle"))).message().as_bytes()
    assert content.isascii()
    assert max(map(len, content.splitlines())) < 998
    assert "Aïcha Modèle" in read_text(content)


def read_text(content):
    found = email.message_from_bytes(content, policy=email.policy.default)
    return found.get_body(("plain",)).get_content()


@pytest.mark.parametrize("bad", ["\n", "\r\n", "\r", "\0", "\x1b", "\x7f", "\x85", "\u2028"], ids=repr)
@pytest.mark.parametrize("where", ["subject", "to", "message_id", "language"])
def test_a_control_character_in_a_header_is_refused(bad, where):
    values = {"subject": "Subject", "to": "a@test.invalid", "message_id": "<1@test.invalid>", "language": "en"}
    values[where] += f"{bad}Bcc: everybody@test.invalid"
    letter = compose.Letter(values["language"], values["subject"], "text", "<p>html</p>")
    with pytest.raises(ValueError, match="control characters") as problem:
        compose.envelope(letter, to=values["to"], message_id=values["message_id"])
    assert "everybody" not in str(problem.value)


@pytest.mark.parametrize("extra", [{"List-Unsubscribe": "<x>\r\nBcc: b@c.de"}, {"X\nBcc: b@c.de\nY": "z"}])
def test_nor_does_a_kind_bring_one_in_a_header_of_its_own(extra):
    letter = compose.Letter("en", "Subject", "text", "<p>html</p>", extra)
    with pytest.raises(ValueError, match="control characters"):
        compose.envelope(letter, to="a@test.invalid", message_id="<1@test.invalid>")


def test_a_kind_takes_the_place_of_no_header():
    extra = {"Message-ID": "<2@test.invalid>", "Auto-Submitted": "no"}
    letter = compose.Letter("en", "Subject", "text", "<p>html</p>", extra)
    built = compose.envelope(letter, to="a@test.invalid", message_id="<1@test.invalid>")
    assert (built.extra_headers["Message-ID"], built.extra_headers["Auto-Submitted"]) == (
        "<1@test.invalid>", "auto-generated",
    )  # fmt: skip


def test_a_name_with_a_line_break_adds_no_header(plan, monkeypatch):
    """Whoever chooses a name chooses no recipient."""
    monkeypatch.setitem(KINDS, "mail.test", Kind("mail.test", lambda mail: {"group_name": "A\r\nBcc: b@c.de"}, dict))
    with pytest.raises(ValueError, match="control characters"):
        compose.message(plan())


def test_plain_text_is_not_escaped_and_html_is(plan, monkeypatch):
    monkeypatch.setitem(KINDS, "mail.test", Kind("mail.test", lambda mail: {"group_name": "<b>l'IWG</b>"}, dict))
    found = read(compose.message(plan()))
    assert "<b>l'IWG</b>" in found.get_body(("plain",)).get_content()
    assert "&lt;b&gt;l&#x27;IWG&lt;/b&gt;" in found.get_body(("html",)).get_content()


@pytest.mark.parametrize(
    "value",
    [lambda: PersonFactory(), lambda: [PersonFactory()], lambda: {"a": PersonFactory()}, lambda: print,
     lambda: mark_safe("<b>")],
    ids=["row", "list of rows", "dict of rows", "function", "text said to be safe"],
)  # fmt: skip
def test_a_template_is_given_plain_values_only(value):
    with pytest.raises(TypeError, match="texts, numbers and dates"):
        compose.write("mail.test", {"thing": value()}, language="en")


def test_every_mail_names_the_group_in_its_own_language(plan):
    WorkingGroupFactory(short_name_fr="GTI d'essai")
    found = compose.message(plan(PersonFactory(language="fr")))
    assert "GTI d'essai" in found.subject


def test_nothing_is_said_to_who_has_left(plan):
    assert compose.message(plan(PersonFactory(is_active=False))) is None


def test_a_kind_that_this_version_does_not_know_is_not_sent(plan):
    mail = plan()
    mail.kind = "of-an-earlier-version"
    assert compose.message(mail) is None


def test_a_kind_is_asked_in_the_readers_language_and_zone(plan, monkeypatch):
    from django.utils import timezone, translation

    seen = []

    def asked(mail):
        seen.append((translation.get_language(), timezone.get_current_timezone_name()))

    monkeypatch.setitem(KINDS, "mail.test", Kind("mail.test", asked, dict))
    compose.message(plan(PersonFactory(language="pt", zone="Atlantic/Cape_Verde")))
    compose.message(plan(PersonFactory(language="pt", zone="No/Such")))
    assert seen == [("pt", "Atlantic/Cape_Verde"), ("pt", "UTC")]
