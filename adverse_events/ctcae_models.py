"""The NCI's sentences as loaded: reference text of the CTCAE, no clinical record."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class CtcaeSentence(models.Model):
    """What the NCI says of one grade of one term; grade 0 is the term's definition. Written by load_ctcae alone."""

    DEFINITION = 0

    code = models.CharField(_("MedDRA code"), max_length=8)
    grade = models.PositiveSmallIntegerField(_("Grade"))
    text = models.TextField(_("Sentence"))

    class Meta:
        app_label = "adverse_events"
        verbose_name = _("CTCAE sentence")
        verbose_name_plural = _("CTCAE sentences")
        constraints = [
            models.UniqueConstraint(fields=["code", "grade"], name="ctcae_sentence_once"),
            models.CheckConstraint(condition=models.Q(grade__lte=5), name="ctcae_sentence_grade"),
        ]

    def __str__(self) -> str:
        return f"{self.code} grade {self.grade}"
