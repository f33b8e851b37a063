"""Three columns for the framework and the glossary."""

from modeltranslation.translator import TranslationOptions, register

from capabilities import models


@register(models.Edition)
class EditionTranslation(TranslationOptions):
    fields = ("title",)


@register(models.Area)
class AreaTranslation(TranslationOptions):
    fields = ("title", "short_title", "description")


@register(models.Indicator)
class IndicatorTranslation(TranslationOptions):
    fields = ("title", "question")


@register(models.Level)
class LevelTranslation(TranslationOptions):
    fields = ("text",)


@register(models.LadderStep)
class LadderStepTranslation(TranslationOptions):
    fields = ("label", "meaning")


@register(models.Instrument)
class InstrumentTranslation(TranslationOptions):
    fields = ("title", "issuer", "edition_label", "summary")


@register(models.GlossaryTerm)
class GlossaryTermTranslation(TranslationOptions):
    fields = ("term", "abbreviation", "definition", "note")
