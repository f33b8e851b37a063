"""Three columns for reference data. People's own text is never here: it has one column and a language."""

from modeltranslation.translator import TranslationOptions, register

from members import models


@register(models.WorkingGroup)
class WorkingGroupTranslation(TranslationOptions):
    fields = ("name", "short_name", "subtitle")


@register(models.State)
class StateTranslation(TranslationOptions):
    fields = ("name", "formal_name", "sort_name", "languages_note")


@register(models.Organisation)
class OrganisationTranslation(TranslationOptions):
    fields = ("name", "acronym")
