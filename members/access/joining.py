"""Who proposes whom, who decides, and who sees it.

Source: the group's access table, row "invitation, account, term".
"""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils import timezone

from members.access.states import visible_member_states, visible_observer_states, visible_organisations
from members.access.viewer import Viewer
from members.enums import GROUP_ROLES, STATE_ROLES, LinkStatus, ProposalStatus, Role
from members.models import Organisation, Proposal, State

_OF_A_DELEGATION = (Role.DELEGATE, Role.FOCAL_POINT)


def proposable_roles(viewer: Viewer) -> list[Role]:
    """A focal point proposes for her delegation, the secretariat all but administrators, an administrator anybody."""
    if Role.ADMINISTRATOR in viewer.roles:
        return list(Role)
    if viewer.in_secretariat:
        return [role for role in Role if role != Role.ADMINISTRATOR]
    return list(_OF_A_DELEGATION) if viewer.focal_states else []


def proposable_states(viewer: Viewer) -> QuerySet[State]:
    """The states for which she proposes somebody, whatever the role."""
    if _for_everybody(viewer):
        either = Q(pk__in=visible_member_states(viewer)) | Q(pk__in=visible_observer_states(viewer))
        return State.objects.filter(either).order_by("sort_name", "alpha2")
    return visible_member_states(viewer).filter(pk__in=viewer.focal_states)


def proposable_organisations(viewer: Viewer) -> QuerySet[Organisation]:
    return visible_organisations(viewer) if _for_everybody(viewer) else Organisation.objects.none()


def can_propose(viewer: Viewer, role: str, state: State | None = None) -> bool:
    """For this office. A state must take part in the group in the way that the role asks for."""
    if role not in proposable_roles(viewer):
        return False
    if role not in STATE_ROLES:
        return _for_everybody(viewer)
    if state is None:
        return False
    fitting = visible_observer_states(viewer) if role == Role.OBSERVER else visible_member_states(viewer)
    return proposable_states(viewer).filter(pk=state.pk).exists() and fitting.filter(pk=state.pk).exists()


def visible_proposals(viewer: Viewer) -> QuerySet[Proposal]:
    """Administrators and secretariat: all; a focal point: those for her own delegation."""
    rows = Proposal.objects.select_related("state", "organisation", "proposed_by", "link")
    rows = rows.order_by("-proposed_at", "id")
    if _for_everybody(viewer):
        return rows
    return rows.filter(state__in=viewer.focal_states, role__in=_OF_A_DELEGATION)


def can_decide(viewer: Viewer, proposal: Proposal) -> bool:
    """An administrator, but neither on what she proposed nor on what is for herself."""
    person = viewer.person
    return (
        person is not None
        and Role.ADMINISTRATOR in viewer.roles
        and proposal.status == ProposalStatus.OPEN
        and proposal.proposed_by_id != person.pk
        and proposal.email.lower() != person.email.lower()
    )


def can_withdraw(viewer: Viewer, proposal: Proposal) -> bool:
    """Who may propose for the same office, while nothing is decided."""
    return proposal.status == ProposalStatus.OPEN and can_propose(viewer, proposal.role, proposal.state)


def can_send_again(viewer: Viewer, proposal: Proposal) -> bool:
    """Granted and not accepted: a new link takes the place of the old one, which no longer works."""
    link = getattr(proposal, "link", None)
    return (
        link is not None
        and link.status != LinkStatus.USED
        and proposal.status == ProposalStatus.GRANTED
        and (proposal.ends_on is None or proposal.ends_on > timezone.localdate())
        and can_propose(viewer, proposal.role, proposal.state)
    )


def can_revoke(viewer: Viewer, proposal: Proposal) -> bool:
    link = getattr(proposal, "link", None)
    return link is not None and link.works and can_propose(viewer, proposal.role, proposal.state)


def allowed_for(viewer: Viewer, proposal: Proposal) -> frozenset[str]:
    """The verbs that a page about the proposal may offer."""
    verbs = {
        "decide": can_decide,
        "withdraw": can_withdraw,
        "send_again": can_send_again,
        "revoke": can_revoke,
    }
    return frozenset(verb for verb, may in verbs.items() if may(viewer, proposal))


def _for_everybody(viewer: Viewer) -> bool:
    return bool(viewer.roles & set(GROUP_ROLES))
