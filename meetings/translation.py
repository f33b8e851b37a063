"""Three columns for the names of groups."""

from modeltranslation.translator import TranslationOptions, register

from meetings import models


@register(models.Group)
class GroupTranslation(TranslationOptions):
    fields = ("name",)
