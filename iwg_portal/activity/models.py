"""The log of who did what: appended by actions, never changed, never deleted (triggers refuse it, for everybody).

Each event is sealed when its transaction commits: a deferred trigger (migration 0003) locks the one ``Head``, computes
the next ``Link`` of a hash chain and moves the head. ``chain`` walks it; nothing in Python ever writes it.
"""

from django.db import models


class Event(models.Model):
    """One thing that happened. Labels and ids are frozen text: an event outlives what it speaks of."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    kind = models.CharField(max_length=60, db_index=True)
    actor_id = models.BigIntegerField(null=True, help_text="null: the system itself")
    actor_label = models.CharField(max_length=200)
    target_type = models.CharField(max_length=60)
    target_id = models.CharField(max_length=60)
    target_label = models.CharField(max_length=300)
    # Whose affair it was: the delegation of this state reads the event on its own page. No foreign key upward.
    state_id = models.BigIntegerField(null=True)
    # Names and counts only; content stays in the thing itself, where its audience is checked.
    data = models.JSONField(default=dict)

    # What the portal's own role may do in the database (base.roles).
    granted = ("SELECT", "INSERT")

    class Meta:
        indexes = [
            models.Index(fields=["target_type", "target_id"], name="event_by_target"),
            models.Index(fields=["actor_id", "id"], name="event_by_actor"),
            models.Index(fields=["state_id", "id"], condition=models.Q(state_id__isnull=False), name="event_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.target_label}"


class Link(models.Model):
    """The seal of one event: its place in the order of commits, and a hash over it and the link before."""

    seq = models.BigIntegerField(primary_key=True)
    event_id = models.BigIntegerField(unique=True)
    hash = models.BinaryField(max_length=32)

    granted = ("SELECT",)

    def __str__(self) -> str:
        return f"{self.seq} {bytes(self.hash).hex()}"


class Head(models.Model):
    """The end of the chain, one row: its lock is what keeps two writers from sealing on the same link."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    seq = models.BigIntegerField()
    hash = models.BinaryField(max_length=32)

    granted = ("SELECT",)

    class Meta:
        constraints = [models.CheckConstraint(name="one_head", condition=models.Q(id=1))]

    def __str__(self) -> str:
        return f"{self.seq} {bytes(self.hash).hex()}"
