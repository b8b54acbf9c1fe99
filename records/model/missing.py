"""Why there is no answer. Missing is data: a required question holds a value or one of these codes."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class MissingCode(models.TextChoices):
    """The four reasons the trial tells apart."""

    NOT_DONE = "ND", _("Not done")
    UNKNOWN = "UNK", _("Unknown")
    NOT_APPLICABLE = "NA", _("Not applicable")
    REFUSED = "REF", _("Asked, but refused")


MISSING_CODES = frozenset(MissingCode.values)
