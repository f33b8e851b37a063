"""What is a person's own, whatever her office and whether or not she has shown her second factor."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from members.access.viewer import Viewer
from members.models import ParkedText


def own_factors(viewer: Viewer) -> QuerySet[Authenticator]:
    """Her apps, passkeys and recovery codes."""
    return Authenticator.objects.filter(user=viewer.person).order_by("created_at", "id")


def own_sessions(viewer: Viewer) -> QuerySet[UserSession]:
    """Where she is signed in, the newest first; a session that is over may be listed until its row goes."""
    alive = Session.objects.filter(session_key=OuterRef("session_key"), expire_date__gt=timezone.now())
    rows = UserSession.objects.filter(Exists(alive), user=viewer.person)
    return rows.order_by("-created_at", "-id")


def own_parked_texts(viewer: Viewer) -> QuerySet[ParkedText]:
    """What she had typed when a session ended, the newest first."""
    return ParkedText.objects.filter(person=viewer.person).order_by("-created_at", "-id")
