"""Regional summaries with figures of the world as it is."""

from django.utils import timezone

from capabilities.models import Round
from iwg_portal.summaries import access, aggregates, consents, figures
from iwg_portal.summaries.models import Summary
from members.models import Participation
from tests.factories.capabilities import RoundFactory, framework
from tests.factories.members import MemberStateFactory


def frozen_summary(person, state="draft", scope="both", form="named"):
    """One whose figures are frozen, in any ``state`` from draft on; a round and a member state are made if need be."""
    if not Participation.objects.filter(kind="member").exists():
        MemberStateFactory()
    if not Round.objects.filter(is_published=True).exists():
        RoundFactory(edition=framework())
    now = timezone.now()
    number = Summary.objects.count() + 1
    if form == "named":
        content, basis = consents.take(scope, timezone.localdate(), now, access.to_follow(scope, now))
    else:
        content, basis = aggregates.take(scope, timezone.localdate(), now, access.last_aggregated())
    sha256 = figures.sha256_of(content)
    return Summary.objects.create(
        year=now.year,
        number=number,
        scope=scope,
        form=form,
        audience="members" if form == "named" else "group",
        basis=basis,
        state=state,
        asked_by=person,
        asked_at=now,
        taken_at=now,
        content=content,
        sha256=sha256,
        check_code=figures.check_code(sha256, f"{now.year}-{number:02}"),
        approved_at=now if state in ("approved", "released") else None,
        released_at=now if state == "released" else None,
    )
