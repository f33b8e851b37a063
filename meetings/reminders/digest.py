"""What a digest tells of meetings, papers, records, decisions and lessons. Titles are named where the whole group may
read them; of what is for the members alone only that there is something new."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.db.models import Case, DateTimeField, F, Max, Q, QuerySet, When
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from iwg_portal.activity.models import Event
from iwg_portal.reminders.digests import News, Only, address, followable, topic
from meetings.access.decisions import visible_decisions
from meetings.access.lessons import approved_lessons
from meetings.access.meetings import visible_groups, visible_meetings
from meetings.access.papers import visible_papers, with_opening
from meetings.access.silence import visible_circulations
from meetings.enums import CirculationState, MeetingState, Theme
from meetings.models import Circulation, Meeting
from meetings.notices.meetings import MOVES
from meetings.queries.lessons import PUBLISHED, best_text
from meetings.queries.meetings import days
from members.access import viewer_for
from members.enums import Audience
from members.models import Person

TO_ALL = (Audience.GROUP, Audience.PUBLIC)


@followable("groups", title=gettext_lazy("Only some groups (meetings, papers, records, decisions)"), order=10)
def groups(person: Person) -> list[tuple[str, str]]:
    return [(group.key, group.name) for group in visible_groups(viewer_for(person))]


@followable("themes", title=gettext_lazy("Only some themes (lessons)"), order=20)
def themes(person: Person) -> list[tuple[str, str]]:
    return [(str(value), str(words)) for value, words in Theme.choices]


def _of(only: Only, name: str, field: str) -> Q:
    """What she follows alone, as a filter."""
    return Q(**{f"{field}__in": sorted(only[name])}) if only.get(name) else Q()


def _named(meeting: Meeting) -> dict[str, str] | None:
    """Title and days, where the whole group may read them."""
    if meeting.audience not in TO_ALL:
        return None
    first, last = (moment.astimezone(meeting.tz).date() for moment in (meeting.starts_at, meeting.ends_at))
    return {"meeting": meeting.title, "days": days(first, last)}


@topic("meetings.meetings", title=gettext_lazy("Meetings"), order=10, page="meetings")
def meetings(person: Person, since: dt.datetime, until: dt.datetime, only: Only) -> Iterator[News]:
    """Announced, called off, or moved to another time or place: each meeting once, by what it came to."""
    moved = Event.objects.filter(
        kind="meeting.changed",
        target_type=Meeting._meta.label_lower,
        at__gt=since,
        at__lte=until,
        data__fields__has_any_keys=sorted(MOVES),
    )
    called_off = Event.objects.filter(
        kind="meeting.cancelled", target_type=Meeting._meta.label_lower, at__gt=since, at__lte=until
    )
    changed = {int(pk) for pk in moved.order_by().values_list("target_id", flat=True)}
    gone = {int(pk) for pk in called_off.order_by().values_list("target_id", flat=True)}
    rows = visible_meetings(viewer_for(person)).filter(
        Q(announced_at__gt=since, announced_at__lte=until) | Q(pk__in=changed | gone), announced_at__isnull=False
    )
    rows = rows.filter(_of(only, "groups", "group__key"))
    for row in rows.order_by("starts_at", "pk"):
        named, is_new = _named(row), row.announced_at is not None and row.announced_at > since
        if row.state == MeetingState.CANCELLED and row.pk in gone:
            text = _("Called off: “%(meeting)s”, %(days)s.") % named if named else _("A meeting was called off.")
        elif row.state == MeetingState.CANCELLED:
            continue
        elif is_new:
            text = _("Announced: “%(meeting)s”, %(days)s.") % named if named else _("A meeting was announced.")
        else:
            changes = _("Changed time or place: “%(meeting)s”, %(days)s.")
            text = changes % named if named else _("A meeting has another time or place.")
        yield News(text, address("meeting", row.pk))


@topic("meetings.papers", title=gettext_lazy("Papers"), order=20, page="meetings")
def papers(person: Person, since: dt.datetime, until: dt.datetime, only: Only) -> Iterator[News]:
    """One line for each meeting; a paper that was opened to her is as new as one that was stored."""
    viewer = viewer_for(person)
    new = Q(created_at__gt=since, created_at__lte=until) | Q(opened_at__gt=since, opened_at__lte=until)
    new_papers = with_opening(viewer, visible_papers(viewer)).filter(new, _of(only, "groups", "meeting__group__key"))
    here = dict(new_papers.order_by().values_list("meeting").annotate(all_told=Max("pk")))
    to_all = set(new_papers.filter(audience__in=TO_ALL).order_by().values_list("meeting", flat=True))
    for row in visible_meetings(viewer).filter(pk__in=list(here)).order_by("starts_at", "pk"):
        named = _named(row) if row.pk in to_all else None
        text = _("New papers for “%(meeting)s”, %(days)s.") % named if named else _("New papers for a meeting.")
        yield News(text, address("papers", row.pk))


@topic("meetings.records", title=gettext_lazy("Records"), order=30, page="meetings")
def records(person: Person, since: dt.datetime, until: dt.datetime, only: Only) -> Iterator[News]:
    """Circulated and still open, or adopted. For members alone, so without the meeting's name."""
    rows: QuerySet[Circulation] = visible_circulations(viewer_for(person)).filter(
        Q(state=CirculationState.OPEN, opened_at__gt=since, opened_at__lte=until)
        | Q(state=CirculationState.ADOPTED, ended_at__gt=since, ended_at__lte=until)
    )
    rows = rows.filter(_of(only, "groups", "record__meeting__group__key"))
    at = Case(When(state=CirculationState.ADOPTED, then=F("ended_at")), default=F("opened_at"), output_field=_MOMENT)
    for row in rows.defer("version__content").order_by(at, "pk"):
        adopted = row.state == CirculationState.ADOPTED
        text = _("The record of a meeting was adopted.") if adopted else _("The record of a meeting was circulated.")
        yield News(text, address("silence", row.record.meeting_id))


_MOMENT = DateTimeField()


@topic("meetings.decisions", title=gettext_lazy("Decisions"), order=40, page="decisions")
def decisions(person: Person, since: dt.datetime, until: dt.datetime, only: Only) -> Iterator[News]:
    """Those of records that were adopted: one line."""
    rows = visible_decisions(viewer_for(person)).filter(
        _of(only, "groups", "record__meeting__group__key"),
        record__circulations__state=CirculationState.ADOPTED,
        record__circulations__ended_at__gt=since,
        record__circulations__ended_at__lte=until,
    )
    if rows.exists():
        yield News(_("The register of decisions has new entries."), address("decisions"))


@topic("meetings.lessons", title=gettext_lazy("Lessons"), order=50, page="lessons")
def lessons(person: Person, since: dt.datetime, until: dt.datetime, only: Only) -> Iterator[News]:
    """Approved ones by their titles, never whose they are; of those for the members alone one line."""
    rows = approved_lessons(viewer_for(person)).filter(
        _of(only, "themes", "theme"), approved_at__gt=since, approved_at__lte=until
    )
    language, hidden = (get_language() or "").partition("-")[0], False
    for row in rows.prefetch_related("texts").order_by("-approved_at", "-pk"):
        text = best_text([text for text in row.texts.all() if text.kind in PUBLISHED], language)
        if row.audience not in TO_ALL or text is None:
            hidden = True
            continue
        yield News(_("“%(title)s”") % {"title": text.title}, address("lesson", row.pk))
    if hidden:
        yield News(_("There are new lessons for the members."), address("lessons"))
