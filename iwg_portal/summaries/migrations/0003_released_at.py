"""When each summary was released: what is there already has it from the log, or from its approval where that is gone."""

from typing import Any

from django.db import migrations, models


def take_from_the_log(apps: Any, schema_editor: Any) -> None:
    Summary, Event = apps.get_model("summaries", "Summary"), apps.get_model("activity", "Event")
    for summary in Summary.objects.filter(state__in=["released", "withdrawn"], released_at=None):
        event = Event.objects.filter(
            kind="summary.released", target_type="summaries.summary", target_id=str(summary.pk)
        ).order_by("pk").first()
        at = event.at if event else summary.approved_at if summary.state == "released" else None
        if at is not None:
            Summary.objects.filter(pk=summary.pk).update(released_at=at)


class Migration(migrations.Migration):
    dependencies = [("summaries", "0002_word_templates"), ("activity", "0003_chain")]
    operations = [
        migrations.AddField("summary", "released_at", models.DateTimeField(blank=True, null=True)),
        migrations.RunPython(take_from_the_log, migrations.RunPython.noop),
    ]
