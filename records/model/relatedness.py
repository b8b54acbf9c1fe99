"""How likely an event comes from a treatment, in the order of study.md 5.3."""

from django.utils.translation import gettext_lazy as _

RELATEDNESS = [
    ("none", _("None")),
    ("unlikely", _("Unlikely")),
    ("possible", _("Possible")),
    ("probable", _("Probable")),
    ("definite", _("Definite")),
]
