"""What a participant's part in the trial has come to: derived once, and used wherever it is said or acted on."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from oversight.casebook import facts
from oversight.casebook.book import Casebook


@dataclass(frozen=True)
class Status:
    """`over`: nothing more is expected of this participant, so no days are counted and nobody is reminded."""

    code: str
    words: str
    over: bool = False


def trial_status_of(book: Casebook) -> Status:
    """The status, also on what is only drafted: a death that somebody has begun to enter stops every reminder."""
    if book.death is not None:
        return Status("died", _("Died"), over=True)
    if (end := book.end_of_study) is not None and end.outcome:
        return Status(end.outcome, str(end.get_outcome_display()), over=True)
    treatment = facts.treatment(book)
    if (gone := facts.ended(book)) is not None:
        return Status(gone.why, _("Withdrew consent"), over=True)
    if treatment.incision is not None:
        return Status("follow-up", _("In follow-up"))
    if treatment.sbrt_end is not None:
        return Status("irradiated", _("SBRT given"))
    return _before_treatment(book)


def _before_treatment(book: Casebook) -> Status:
    """Who was irradiated all the same is watched, whatever these forms say."""
    screening, consent = book.screening, book.consent
    if consent is not None and consent.given == "no":
        return Status("refused", _("Consent refused"), over=True)
    if screening is not None and screening.outcome == "failed":
        return Status("screen-failure", _("Not enrolled"), over=True)
    return Status("screening", _("In screening"))
