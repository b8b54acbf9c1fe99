"""The primary endpoint of each participant as it was judged, kept: every change with what caused it (study.md 5.5)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from oversight.casebook import facts
from oversight.casebook.book import Casebook
from oversight.models import Alert, EndpointVerdict
from protocol.endpoint import Endpoint, primary_endpoint
from protocol.study import Study
from records.audit import history
from records.model import registry
from records.models import AuditRow

MAX_VERDICTS = 8  # changes named as the cause; more are counted


@dataclass(frozen=True)
class Variant:
    """One reading of the endpoint: how many days, and which grades."""

    code: str
    name: str
    days: int
    grades: tuple[int, ...]

    @property
    def title(self) -> str:
        return self.name % {"days": self.days}


def variants(study: Study) -> list[Variant]:
    """The readings of one version of the protocol."""
    rules = study.endpoint
    grades, some = tuple(rules["grades"]), tuple(rules["sensitivity_grades"])
    return [
        Variant("primary", _("Primary: grade 3, 4 or 5 within %(days)s days"), rules["days"], grades),
        Variant("secondary", _("Secondary: within %(days)s days"), rules["secondary_days"], grades),
        Variant("sensitivity", _("Sensitivity: grade 3 or 4 only"), rules["days"], some),
    ]


PRIMARY = "primary"


def judged(book: Casebook) -> list[tuple[Variant, Endpoint]]:
    """All variants on what is recorded now."""
    known = facts.endpoint(book)
    return [(variant, primary_endpoint(known, variant.days, variant.grades)) for variant in variants(book.study)]


def keep(book: Casebook, since: int, now: datetime) -> None:
    """Write down each verdict that is not the one written last; tell people when the primary one changed."""
    participant = book.participant
    last = {
        verdict.variant: verdict for verdict in EndpointVerdict.objects.filter(participant=participant).order_by("pk")
    }
    for variant, endpoint in judged(book):
        before = last.get(variant.code)
        if before and (before.verdict, before.protocol_version) == (endpoint.verdict, book.study.version):
            continue
        if before is None and endpoint.window_start is None:
            continue  # nothing has been given yet, so there is nothing to judge
        cause = [_("judged for the first time")] if before is None else _amended(before, book) or causes(book, since)
        kept = EndpointVerdict.objects.create(
            participant=participant,
            variant=variant.code,
            verdict=endpoint.verdict,
            because=endpoint.because[:1000],
            onset=endpoint.at or "",
            protocol_version=book.study.version,
            judged_at=now,
            before=before.verdict if before else "",
            cause=cause,
        )
        if before is not None and before.verdict != endpoint.verdict and variant.code == PRIMARY:
            _announce(kept, now)


def _amended(before: EndpointVerdict, book: Casebook) -> list[str]:
    """That another version of the protocol holds now: its approval was recorded after the last judgement."""
    params = {"before": before.protocol_version, "version": book.study.version}
    sentence = _("judged under protocol version %(before)s before; %(version)s had been approved before the consent")
    return [] if params["before"] == params["version"] else [sentence % params]


def _announce(kept: EndpointVerdict, now: datetime) -> None:
    """One message to those who must know; it stays on their worklists until each has looked."""
    params = {"before": kept.before, "verdict": kept.verdict}
    Alert.objects.create(
        participant=kept.participant,
        kind="endpoint-changed",
        subject=str(kept.pk),
        due_at=now,
        because=_("was %(before)s, is now %(verdict)s") % params,
        raised_at=now,
        outcome=Alert.Outcome.MET,
        outcome_at=now,
    )


def causes(book: Casebook, since: int) -> list[str]:
    """The changes since the last judgement, in words: what, from, to, by whom, why."""
    rows = AuditRow.objects.filter(participant=book.participant, transaction__gte=since).order_by("-seq")
    models = {model._meta.db_table: model for model in registry.clinical_models()}
    lines = [line for row in rows for line in _lines(row, models, book)]
    more = [_("and %(n)s more changes") % {"n": len(lines) - MAX_VERDICTS}] if len(lines) > MAX_VERDICTS else []
    return [*lines[:MAX_VERDICTS], *more] or [_("time went by, or a rule was changed")]


def _lines(row: AuditRow, models: dict[str, Any], book: Casebook) -> Iterable[str]:
    model = models.get(row.table)
    if model is None:
        return []
    params = {"form": model._meta.verbose_name, "who": row.actor, "why": row.reason}
    if row.changes.get("voided_at", [None, None])[1]:
        return [_("%(form)s was voided by %(who)s: %(why)s") % params]
    changes = history.in_words(model, row.changes, book.participant.site.tz)
    if row.action == "insert":
        return [_("%(form)s was entered by %(who)s") % params] if changes else []
    words = _("%(form)s: “%(question)s” from %(old)s to %(new)s by %(who)s: %(why)s")
    return [words % {**params, "question": change.question, "old": change.old, "new": change.new} for change in changes]
