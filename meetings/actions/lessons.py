"""Share a lesson, submit it, approve it, let others find it useful, withdraw it.

A lesson's raw text is its owner's and stays as it was submitted; the secretariat writes the approved text beside it.
Events carry neither text nor number: whoever reads the log must not learn from it whose lesson is whose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from capabilities.models import Indicator
from iwg_portal.activity.log import record
from meetings.access import lessons as access
from meetings.actions.lesson_files import publish_files
from meetings.enums import LESSON_TRANSITIONS, LessonState, TextKind
from meetings.models import AgendaItem, Lesson, LessonText, LessonUse
from meetings.notices import lessons as notices
from meetings.queries.lessons import TELLS_ITEM, WORDS, tells_item, words_of
from members.access import Viewer
from members.actions.files import narrow_files_of, widen_files_of, withdraw_files_of
from members.enums import Audience, is_wider
from members.models import State

LABEL = "lesson"
CLASH, CLOSED = "clash", "closed"


@dataclass(frozen=True)
class Facts:
    """Of a lesson what is no text. ``names_origin`` counts only from the focal point of the state."""

    theme: str
    cost_band: str = "unknown"
    transferable: str = "unknown"
    audience: str = Audience.GROUP
    names_origin: bool = False
    item: AgendaItem | None = None
    indicators: Sequence[int] = field(default_factory=tuple)


# -- The raw text ----------------------------------------------------------------------------------------------------


@transaction.atomic
def draft_lesson(*, state: State | None, language: str, words: dict[str, str], facts: Facts, by: Viewer) -> Lesson:
    """A new draft of ``state`` (None: of the group). Sent twice, it is one draft.

    Raises ``PermissionDenied``, ``ValidationError``. Side effects: an event.
    """
    if by.person is None or not access.can_write(by, state):
        raise PermissionDenied
    _check_item(facts.item, by)
    twin = LessonText.objects.filter(
        kind=TextKind.RAW,
        language=language,
        by=by.person,
        lesson__state=state,
        lesson__status=LessonState.DRAFT,
        **words,
    )
    if found := twin.select_related("lesson").order_by("-pk").first():
        return found.lesson
    lesson = Lesson(state=state, shared_by=by.person)
    _take(lesson, facts, by)
    lesson.full_clean()
    lesson.save()
    lesson.indicators.set(_indicators(facts.indicators))
    _write(lesson, TextKind.RAW, language, words, by)
    record("lesson.drafted", by=by.person, target=lesson, label=LABEL, state=state)
    return lesson


@transaction.atomic
def change_lesson(
    *, lesson: Lesson, version: int, language: str, words: dict[str, str], facts: Facts, by: Viewer
) -> Lesson:
    """The draft's text and facts; ``version`` is the one that the person saw.

    Raises ``PermissionDenied``; ``ValidationError`` with the code ``clash`` where somebody saved meanwhile, ``closed``
    where it is no draft any more. Side effects: an event.
    """
    lesson = _locked(lesson)
    if lesson.status != LessonState.DRAFT and access.reads_raw(by, lesson):
        raise ValidationError(_("The lesson was submitted meanwhile; its text is closed."), CLOSED)
    if not access.can_change(by, lesson):
        raise PermissionDenied
    raw = lesson.texts.get(kind=TextKind.RAW)
    if lesson.version != version:
        _refuse_unless_same(raw, language, words, _are_held(lesson, facts, by))
    if facts.item and facts.item.pk != lesson.item_id:
        _check_item(facts.item, by)
    _take(lesson, facts, by)
    lesson.indicators.set(_indicators(facts.indicators))
    _write(lesson, TextKind.RAW, language, words, by)
    _save(lesson, *_FACTS)
    record("lesson.changed", by=by.person, target=lesson, label=LABEL, state=lesson.state)
    return lesson


_FACTS = ("theme", "cost_band", "transferable", "audience", "names_origin", "item")


@transaction.atomic
def submit_lesson(*, lesson: Lesson, by: Viewer) -> Lesson:
    """Raises ``PermissionDenied``, ``ValidationError`` (a lesson without its origin has the title of its agenda item).
    Side effects: an event; mail to the secretariat."""
    lesson = _locked(lesson)
    if not access.can_change(by, lesson):
        raise PermissionDenied
    for raw in LessonText.objects.filter(lesson=lesson, kind=TextKind.RAW):
        _refuse_the_items_title(lesson, raw.title)
    _move(lesson, LessonState.SUBMITTED)
    _save(lesson, "status")
    record("lesson.submitted", by=by.person, target=lesson, label=LABEL, state=lesson.state)
    notices.lesson_submitted(lesson, by.person)
    return lesson


@transaction.atomic
def return_lesson(*, lesson: Lesson, by: Viewer) -> Lesson:
    """Back to a draft, before the approval. Raises ``PermissionDenied``. Side effects: an event."""
    lesson = _locked(lesson)
    if not access.can_return(by, lesson):
        raise PermissionDenied
    _move(lesson, LessonState.DRAFT)
    _save(lesson, "status")
    record("lesson.returned", by=by.person, target=lesson, label=LABEL, state=lesson.state)
    notices.lesson_cancelled(lesson)
    return lesson


# -- The approved text -----------------------------------------------------------------------------------------------


@transaction.atomic
def edit_approved(*, lesson: Lesson, version: int, words: dict[str, str], by: Viewer) -> Lesson:
    """The secretariat's text, in the language of the raw one, which it leaves alone. Raises ``PermissionDenied``,
    ``ValidationError`` (``clash``, ``closed``). Side effects: an event."""
    lesson = _locked(lesson)
    _edit_approved(lesson, version, words, by)
    _save(lesson)
    record("lesson.edited", by=by.person, target=lesson, label=LABEL, state=_said(lesson))
    return lesson


@transaction.atomic
def approve_lesson(
    *, lesson: Lesson, version: int, words: dict[str, str], audience: str, files: dict[str, str], by: Viewer
) -> Lesson:
    """From now on ``audience`` reads the approved text, and of the owner's files copies of those in ``files`` (id →
    title). It may be narrower than the owner chose, never wider; whether the state is named is the owner's word.

    Raises ``PermissionDenied``, ``ValidationError`` (``clash``, ``closed``, too wide), ``OSError`` (disk). Side
    effects: copies of files; an event; mail to the author.
    """
    lesson = _locked(lesson)
    if by.in_secretariat and lesson.status == LessonState.APPROVED:
        approved = lesson.texts.get(kind=TextKind.APPROVED)
        _refuse_unless_same(approved, approved.language, words)
        return lesson  # the button was pressed twice
    if by.in_secretariat and lesson.status == LessonState.DRAFT:
        raise ValidationError(_("The lesson went back to a draft meanwhile."), CLOSED)
    if not access.can_approve(by, lesson):
        raise PermissionDenied
    if audience not in access.TO_CHOOSE or is_wider(audience, lesson.audience):
        raise ValidationError({"audience": _("The owner has not released the lesson so widely.")})
    _edit_approved(lesson, version, words, by)
    lesson.audience, lesson.approved_at = audience, timezone.now()
    _move(lesson, LessonState.APPROVED)
    _save(lesson, "status", "audience", "approved_at")
    publish_files(lesson=lesson, titles=files, by=by)
    record("lesson.approved", by=by.person, target=lesson, label=LABEL, state=_said(lesson), audience=audience)
    notices.lesson_approved(lesson, by.person)
    return lesson


@transaction.atomic
def translate_lesson(
    *, lesson: Lesson, version: int, language: str, words: dict[str, str], is_machine: bool, by: Viewer
) -> Lesson:
    """The approved text in another language. What a machine wrote never takes the place of what a person wrote.

    Raises ``PermissionDenied``, ``ValidationError`` (``clash``, ``closed``, ``human``). Side effects: an event.
    """
    lesson = _locked(lesson)
    if not access.can_translate(by, lesson):
        raise PermissionDenied
    texts = {text.language: text for text in lesson.texts.filter(kind__in=[TextKind.APPROVED, TextKind.TRANSLATION])}
    there = texts.get(language)
    if there and there.kind == TextKind.APPROVED:
        raise ValidationError(_("This is the language of the original."), "human")
    if there and is_machine and not there.is_machine:
        raise ValidationError(_("A person translated this; a machine’s text does not take its place."), "human")
    _refuse_the_items_title(lesson, words["title"])
    # Where this language has no text yet, nothing of anybody's is replaced, whatever was saved in others.
    if there and lesson.version != version:
        _refuse_unless_same(there, language, words, there.is_machine == is_machine)
    _write(lesson, TextKind.TRANSLATION, language, words, by, is_machine=is_machine)
    _save(lesson)
    record("lesson.translated", by=by.person, target=lesson, label=LABEL, state=_said(lesson), language=language)
    return lesson


# -- Readers, use, end -----------------------------------------------------------------------------------------------


@transaction.atomic
def choose_readers(*, lesson: Lesson, audience: str, names_origin: bool, by: Viewer) -> Lesson:
    """Who reads an approved lesson, and whether they may know whose it is. More than now is the owner's focal point's
    to say. Raises ``PermissionDenied``, ``ValidationError``. Side effects: an event; the published files follow."""
    lesson = _locked(lesson)
    if not access.can_choose_readers(by, lesson):
        raise PermissionDenied
    more = is_wider(audience, lesson.audience) or (names_origin and not lesson.names_origin)
    if more and not access.can_widen(by, lesson):
        raise PermissionDenied
    if audience not in access.audiences_to_choose(by, lesson):
        raise ValidationError({"audience": _("Choose who may read it.")})
    before, lesson.audience = lesson.audience, audience
    lesson.names_origin = names_origin and lesson.state_id is not None
    for text in lesson.texts.exclude(kind=TextKind.RAW):
        _refuse_the_items_title(lesson, text.title)
    if is_wider(before, audience):
        narrow_files_of(parent=lesson, audience=audience, by=by)
    _save(lesson, "audience", "names_origin")
    if is_wider(audience, before):
        widen_files_of(parent=lesson, before=before, audience=audience, by=by)
    record("lesson.readers_changed", by=by.person, target=lesson, label=LABEL, state=lesson.state)
    return lesson


@transaction.atomic
def withdraw_lesson(*, lesson: Lesson, by: Viewer) -> Lesson:
    """Gone for everybody, with its files; the row stays. Raises ``PermissionDenied``. Side effects: an event; files
    leave the disk; mail about it is not sent any more."""
    lesson = _locked(lesson)
    if not access.can_withdraw(by, lesson):
        raise PermissionDenied
    _move(lesson, LessonState.WITHDRAWN)
    _save(lesson, "status")
    withdraw_files_of(parent=lesson, by=by)
    notices.lesson_cancelled(lesson)
    record("lesson.withdrawn", by=by.person, target=lesson, label=LABEL, state=lesson.state)
    return lesson


@transaction.atomic
def find_useful(*, lesson: Lesson, state: State, useful: bool, by: Viewer) -> None:
    """``state`` says that the lesson is useful to it, once, or takes that back. Raises ``PermissionDenied``. Side
    effects: an event where something changed."""
    lesson = _locked(lesson)
    if by.person is None or not access.can_find_useful(by, lesson, state):
        raise PermissionDenied
    held = LessonUse.objects.filter(lesson=lesson, state=state)
    if held.exists() is useful:
        return
    if useful:
        use = LessonUse(lesson=lesson, state=state, by=by.person)
        use.full_clean()
        use.save()
    else:
        held.delete()
    record("lesson.useful" if useful else "lesson.not_useful", by=by.person, target=lesson, label=LABEL, state=state)


# -- Inside ----------------------------------------------------------------------------------------------------------


def _locked(lesson: Lesson) -> Lesson:
    """The row under lock, with its state: of two changes at once the second sees the first."""
    return Lesson.objects.select_for_update(of=("self",)).select_related("state").get(pk=lesson.pk)


def _move(lesson: Lesson, status: LessonState) -> None:
    if status not in LESSON_TRANSITIONS[LessonState(lesson.status)]:
        raise PermissionDenied
    lesson.status = status


def _take(lesson: Lesson, facts: Facts, by: Viewer) -> None:
    lesson.theme, lesson.cost_band, lesson.transferable = facts.theme, facts.cost_band, facts.transferable
    lesson.item = facts.item
    if facts.audience not in access.TO_CHOOSE:
        raise ValidationError({"audience": _("Choose who may read it.")})
    lesson.audience = facts.audience
    # Anyone who may write takes the name away; only the focal point gives it.
    if not facts.names_origin or access.can_name_origin(by, lesson.state):
        lesson.names_origin = facts.names_origin


def _save(lesson: Lesson, *fields: str) -> None:
    """The row is written with every change of its texts or indicators: kept pages notice the row."""
    lesson.version += 1
    lesson.full_clean()
    lesson.save(update_fields=[*fields, "version"])


def _write(
    lesson: Lesson, kind: str, language: str, words: dict[str, str], by: Viewer, *, is_machine: bool = False
) -> None:
    assert by.person is not None
    key = {"kind": kind, **({"language": language} if kind == TextKind.TRANSLATION else {})}
    text = lesson.texts.filter(**key).first() or LessonText(lesson=lesson, kind=kind)
    text.language, text.is_machine, text.by = language, is_machine, by.person
    for name in WORDS:
        setattr(text, name, words.get(name, ""))
    text.full_clean()
    text.save()


def _edit_approved(lesson: Lesson, version: int, words: dict[str, str], by: Viewer) -> None:
    if by.in_secretariat and lesson.status == LessonState.DRAFT:
        raise ValidationError(_("The lesson went back to a draft meanwhile."), CLOSED)
    if not access.can_review(by, lesson):
        raise PermissionDenied
    texts = {text.kind: text for text in lesson.texts.exclude(kind=TextKind.TRANSLATION)}
    language = texts[TextKind.RAW].language
    if lesson.version != version:
        # Before the first approved text the form begins with the author's.
        _refuse_unless_same(texts.get(TextKind.APPROVED, texts[TextKind.RAW]), language, words)
    _refuse_the_items_title(lesson, words["title"])
    _write(lesson, TextKind.APPROVED, language, words, by)


def _refuse_the_items_title(lesson: Lesson, title: str) -> None:
    """Of a lesson that does not name its state."""
    if lesson.item and lesson.state_id and not lesson.names_origin and tells_item(title, lesson.item):
        raise ValidationError({"title": ValidationError(TELLS_ITEM, "tells_item")})


def _are_held(lesson: Lesson, facts: Facts, by: Viewer) -> bool:
    """Whether the lesson has these facts already."""
    given = (facts.theme, facts.cost_band, facts.transferable, facts.audience, facts.item.pk if facts.item else None)
    held = (lesson.theme, lesson.cost_band, lesson.transferable, lesson.audience, lesson.item_id)
    named = facts.names_origin == lesson.names_origin or (
        facts.names_origin and not access.can_name_origin(by, lesson.state)
    )
    return given == held and named and set(facts.indicators) == set(lesson.indicators.values_list("pk", flat=True))


def _refuse_unless_same(text: LessonText, language: str, words: dict[str, str], same_facts: bool = True) -> None:
    """Somebody saved meanwhile; where that was the same, the button was pressed twice."""
    same = text.language == language and words_of(text) == {name: words.get(name, "") for name in WORDS}
    if not (same and same_facts):
        raise ValidationError(
            _("Somebody saved another text meanwhile. Both are below: put together what is to stay, and save again."),
            CLASH,
        )


def _check_item(item: AgendaItem | None, by: Viewer) -> None:
    if item is not None and not access.items_to_share_from(by).filter(pk=item.pk).exists():
        raise ValidationError({"item": _("This point of an agenda is not there.")})


def _indicators(pks: Sequence[int]) -> list[Indicator]:
    return list(Indicator.objects.filter(pk__in=pks).order_by("pk"))


def _said(lesson: Lesson) -> State | None:
    """For an event of the secretariat's, whose hour the page of the lesson shows too: the state only if it is named."""
    return lesson.state if lesson.names_origin else None
