"""Who reads and writes lessons, and who may know whose they are. Source: the group's access table, §1 and §3.

A lesson that is not approved is its owner's and the secretariat's. An approved one is read by its audience. Whether a
reader may know which state shared it is a question of its own: ``names_origin`` is the state's word.
"""

from __future__ import annotations

from django.db.models import Q, QuerySet

from meetings.access.meetings import in_the_room, visible_items
from meetings.enums import GroupKind, ItemState, LessonState
from meetings.models import AgendaItem, Lesson, LessonText, Meeting
from members.access import Viewer, may_read, readable, visible_files, visible_member_states
from members.enums import Audience, is_wider
from members.models import State, StoredFile
from members.models.files import StoredFileQuerySet

UNFINISHED = (LessonState.DRAFT, LessonState.SUBMITTED)
# What an owner chooses between: no page shows a lesson to the public, and one for nobody else needs no approval.
TO_CHOOSE = (Audience.MEMBERS, Audience.GROUP)


def visible_lessons(viewer: Viewer) -> QuerySet[Lesson]:
    """Approved ones by their audience; unfinished ones for the owner's delegation and the secretariat. A withdrawn
    lesson is there for nobody."""
    if not viewer.in_group:
        return Lesson.objects.none()
    rule = Q(status=LessonState.APPROVED) & readable(viewer)
    unfinished = Q(status__in=UNFINISHED)
    if viewer.in_secretariat:
        rule |= unfinished
    elif viewer.own_states:
        rule |= unfinished & Q(state__in=sorted(viewer.own_states))
    return Lesson.objects.filter(rule)


def approved_lessons(viewer: Viewer) -> QuerySet[Lesson]:
    """Of these the ones that stand in the library."""
    return visible_lessons(viewer).filter(status=LessonState.APPROVED)


def unfinished_lessons(viewer: Viewer) -> QuerySet[Lesson]:
    return visible_lessons(viewer).filter(status__in=UNFINISHED)


def sees_unfinished(viewer: Viewer) -> bool:
    """There is a list of unfinished lessons for her, if perhaps an empty one."""
    return viewer.in_secretariat or bool(viewer.own_states)


def is_ours(viewer: Viewer, lesson: Lesson) -> bool:
    """Of her own delegation."""
    return lesson.state_id is not None and lesson.state_id in viewer.own_states


def reads_raw(viewer: Viewer, lesson: Lesson) -> bool:
    """The words as they were shared, and what the secretariat is making of them."""
    return viewer.in_secretariat or is_ours(viewer, lesson)


def visible_texts(viewer: Viewer, lesson: Lesson) -> QuerySet[LessonText]:
    """Of a lesson that she sees."""
    texts = LessonText.objects.filter(lesson=lesson, lesson__in=visible_lessons(viewer)).select_related("by")
    if not reads_raw(viewer, lesson):
        texts = texts.exclude(kind="raw").filter(lesson__status=LessonState.APPROVED)
    return texts.order_by("kind", "language")


# -- Whose it is -----------------------------------------------------------------------------------------------------


def origin_known(viewer: Viewer) -> Q:
    """The lessons of which she may know the state: those that name it, her own, and all for the secretariat."""
    if viewer.in_secretariat:
        return Q()
    rule = Q(names_origin=True)
    return rule | Q(state__in=sorted(viewer.own_states)) if viewer.own_states else rule


def named_to_all() -> Q:
    """The lessons of which everybody who reads them may know the state: those that a file may name, for it travels
    further than its page."""
    return Q(names_origin=True)


def is_named_to_all(lesson: Lesson) -> bool:
    """The same of one; a lesson of the group has nobody to hide."""
    return lesson.state_id is None or lesson.names_origin


def knows_origin(viewer: Viewer, lesson: Lesson) -> bool:
    return lesson.names_origin or reads_raw(viewer, lesson)


def shared_at(viewer: Viewer, lesson: Lesson) -> tuple[Meeting | None, AgendaItem | None]:
    """Where it was shared, as far as she may know. At most three queries.

    The point of the agenda says who spoke: it is shown only to whom the state is known. Under the Chatham House Rule a
    state that is named is not said to have been there; in a bilateral meeting every state is half known.
    """
    if lesson.item_id is None:
        return None, None
    item = visible_items(viewer).select_related("meeting__group").filter(pk=lesson.item_id).first()
    if item is None or not lessons_at(viewer, item.meeting).filter(pk=lesson.pk).exists():
        return None, None
    return item.meeting, item if lesson.state_id is None or knows_origin(viewer, lesson) else None


def lessons_at(viewer: Viewer, meeting: Meeting) -> QuerySet[Lesson]:
    """Those shared at a meeting that she sees, as far as she may know that they were."""
    rows = visible_lessons(viewer).filter(item__meeting=meeting)
    if viewer.in_secretariat:
        return rows
    ours = Q(state__isnull=True) | Q(state__in=sorted(viewer.own_states))
    if meeting.group.kind == GroupKind.BILATERAL:
        rows = rows.filter(ours | Q(names_origin=True))
    if meeting.chatham_house and not in_the_room(viewer, meeting):
        rows = rows.filter(ours | Q(names_origin=False))
    return rows


# -- Verbs -----------------------------------------------------------------------------------------------------------


def states_to_write_for(viewer: Viewer) -> QuerySet[State]:
    return visible_member_states(viewer).filter(pk__in=sorted(viewer.own_states))


def can_share(viewer: Viewer) -> bool:
    """Write a lesson at all: for her state, or for the group."""
    return viewer.in_secretariat or bool(viewer.own_states)


def can_write(viewer: Viewer, state: State | None) -> bool:
    """The delegation for its state; the secretariat for the group (None)."""
    return viewer.in_secretariat if state is None else state.pk in viewer.own_states


def items_to_share_from(viewer: Viewer) -> QuerySet[AgendaItem]:
    return visible_items(viewer).filter(status=ItemState.ACCEPTED)


def _owns(viewer: Viewer, lesson: Lesson) -> bool:
    return viewer.in_secretariat if lesson.state_id is None else is_ours(viewer, lesson)


def can_change(viewer: Viewer, lesson: Lesson) -> bool:
    """The raw text and its facts: whoever may write, until it is submitted."""
    return lesson.status == LessonState.DRAFT and _owns(viewer, lesson)


def can_attach(viewer: Viewer, lesson: Lesson) -> bool:
    """Its files: whoever may write; once it is submitted, its author and the secretariat, until it is approved."""
    if lesson.status != LessonState.SUBMITTED:
        return can_change(viewer, lesson)
    is_author = viewer.person is not None and lesson.shared_by_id == viewer.person.pk
    return viewer.in_secretariat or (is_author and _owns(viewer, lesson))


def can_return(viewer: Viewer, lesson: Lesson) -> bool:
    """Back to a draft: the owner takes it back, or the secretariat gives it back."""
    return lesson.status == LessonState.SUBMITTED and (viewer.in_secretariat or _owns(viewer, lesson))


def can_review(viewer: Viewer, lesson: Lesson) -> bool:
    """Edit the approved text, which is apart from the raw one."""
    return viewer.in_secretariat and lesson.status in (LessonState.SUBMITTED, LessonState.APPROVED)


def can_approve(viewer: Viewer, lesson: Lesson) -> bool:
    return viewer.in_secretariat and lesson.status == LessonState.SUBMITTED


def can_translate(viewer: Viewer, lesson: Lesson) -> bool:
    """What everybody reads went through the secretariat, a translation too."""
    return viewer.in_secretariat and lesson.status == LessonState.APPROVED


def can_withdraw(viewer: Viewer, lesson: Lesson) -> bool:
    """The focal point of the state that shared it, at any time; the secretariat for the group's own. What a state has
    said is its own to take back."""
    return lesson.status != LessonState.WITHDRAWN and can_widen(viewer, lesson)


def can_widen(viewer: Viewer, lesson: Lesson) -> bool:
    """Let more people read it, or let them know whose it is: the owner's focal point; for the group the secretariat."""
    return viewer.in_secretariat if lesson.state_id is None else lesson.state_id in viewer.focal_states


def can_name_origin(viewer: Viewer, state: State | None) -> bool:
    """That readers may know the state is the state's word, and its focal point gives it."""
    return state is not None and state.pk in viewer.focal_states


def can_choose_readers(viewer: Viewer, lesson: Lesson) -> bool:
    """Narrower: whoever may edit. Until the approval the draft's own form has the choice."""
    return lesson.status == LessonState.APPROVED and (viewer.in_secretariat or _owns(viewer, lesson))


def audiences_to_choose(viewer: Viewer, lesson: Lesson) -> list[Audience]:
    """Narrowest first, as it is now included."""
    known = [a for a in Audience if a in TO_CHOOSE or a == lesson.audience]
    return known if can_widen(viewer, lesson) else [a for a in known if not is_wider(a, lesson.audience)]


def can_remove_file(viewer: Viewer, lesson: Lesson, file: StoredFile) -> bool:
    """Whoever may attach to the lesson or withdraw it; and the secretariat the copies that it published."""
    if viewer.in_secretariat and is_published(file, lesson):
        return True
    return can_attach(viewer, lesson) or can_withdraw(viewer, lesson)


def sees_files_page(viewer: Viewer, lesson: Lesson) -> bool:
    """There may be a file that she can add or remove."""
    published = viewer.in_secretariat and lesson.status == LessonState.APPROVED
    return published or can_attach(viewer, lesson) or can_withdraw(viewer, lesson)


def states_to_find_it_useful(viewer: Viewer, lesson: Lesson) -> QuerySet[State]:
    """For which states she may say that the lesson is useful to them: her own, but not that which shared it."""
    if lesson.status != LessonState.APPROVED:
        return State.objects.none()
    return states_to_write_for(viewer).exclude(pk=lesson.state_id or 0)


def can_find_useful(viewer: Viewer, lesson: Lesson, state: State) -> bool:
    if lesson.status != LessonState.APPROVED or not may_read(viewer, lesson.audience, lesson.state_id):
        return False
    return state.pk in viewer.own_states and state.pk != lesson.state_id


def allowed(viewer: Viewer, lesson: Lesson) -> frozenset[str]:
    """The verbs that the page of a lesson may offer."""
    rules = {
        "change": can_change,
        "attach": can_attach,
        "return": can_return,
        "review": can_review,
        "approve": can_approve,
        "translate": can_translate,
        "withdraw": can_withdraw,
        "readers": can_choose_readers,
        "files": sees_files_page,
        "raw": reads_raw,
    }
    return frozenset(verb for verb, rule in rules.items() if rule(viewer, lesson))


# -- Files -----------------------------------------------------------------------------------------------------------


def visible_lesson_files(viewer: Viewer, lesson: Lesson) -> StoredFileQuerySet:
    """What is attached to a lesson that she sees; those of the owner as they were shared, and the published ones."""
    return visible_files(viewer).filter(parent_type=Lesson._meta.label_lower, parent_id=str(lesson.pk))


def is_published(file: StoredFile, lesson: Lesson) -> bool:
    """One of the copies that the approval made; they belong to the group."""
    return lesson.status == LessonState.APPROVED and file.state_id is None and file.audience == lesson.audience
