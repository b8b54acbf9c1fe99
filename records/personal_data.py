"""Personal data in free text: a citizen number, a birth date, a name. Warned about before it is stored.

What somebody sends is refused once, with the sentence beside the field; with the tick "it is not personal data" it is
saved, and the reason of the change says who insisted on what. Names that a site wants to be watched for are kept as
keyed digests of their parts: the database does not hold a name, and its digests are worth nothing without the key.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from stdnum.nl import bsn

from accounts import text_input
from accounts.models import Person, Site

ADULT = 16  # a whole date so many years back or more may be a birth date
TICK = "not_personal"  # the name of the tick box
MIN_LENGTH = 3  # letters of a part of a name that is watched for
_PARTICLES = {"van", "von", "der", "den", "des", "del", "ten", "ter", "het", "las", "los", "dos"}

_NUMBER = re.compile(r"(?<![\d.,-])(\d{9}|\d{4}[ .]\d{2}[ .]\d{3}|\d{3}[ .]\d{3}[ .]\d{3})(?![.,-]?\d)")
_MONTHS = "jan|feb|mrt|mar|apr|mei|may|jun|jul|aug|sep|okt|oct|nov|dec"
_DATE = re.compile(
    r"(?<!\d)(?:(\d{4})[-/.]\d{1,2}[-/.]\d{1,2}"
    rf"|\d{{1,2}}(?:[-/.]\d{{1,2}}[-/.]| (?:{_MONTHS})[a-z]* )(\d{{4}}))(?!\d)",
    re.IGNORECASE,
)
_BORN = re.compile(r"\b(?:geb(?:oren|oortedatum)?|born|birth ?date|date of birth|dob)\b[^\d\n]{0,12}\d", re.IGNORECASE)
_TITLED = re.compile(
    r"\b(?:dhr|mevr|mw|[Mm]eneer|[Mm]evrouw|[Dd]e heer|Dhr|Mevr|Mw|Mr|Mrs|Ms|Miss)\b\.? +"
    r"(?:(?:[A-Z]\.)+ *)?(?:(?:[Vv]an|[Vv]on|[Dd]e|[Dd]er|[Dd]en|[Tt]en|[Tt]er|het|'t|in) +)*([^\W\d_a-z][\w'’-]+)"
)


class KnownName(models.Model):
    """A part of a name to be watched for, as its keyed digest."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["digest", "site"], name="known_name_once")]

    def __str__(self) -> str:
        return self.digest[:8]


def parts(text: str) -> set[str]:
    """The words of a text that could be part of a name: without accents, capitals and particles."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().casefold()
    return {word for word in re.findall(r"[a-z]+", plain) if len(word) >= MIN_LENGTH and word not in _PARTICLES}


def digest_of(part: str) -> str:
    """What the database knows a part of a name by; the key is the installation's SECRET_KEY."""
    return salted_hmac("sbrtspine.known-name", part, algorithm="sha256").hexdigest()


def watch_for(site: Site, names: Iterable[str]) -> int:
    """Watch for these names in whatever is typed; answers how many parts are new."""
    digests = {digest_of(part) for name in names for part in parts(name)}
    new = digests - set(KnownName.objects.filter(site=site).values_list("digest", flat=True))
    KnownName.objects.bulk_create(
        (KnownName(site=site, digest=digest) for digest in sorted(new)), ignore_conflicts=True
    )
    return len(new)


@dataclass
class Asking:
    """What was found in what one request sends, and whether whoever sends it insists."""

    insists: bool
    about: list[str] = field(default_factory=list)
    refused: bool = False
    passed: set[str] = field(default_factory=set)


_asking: ContextVar[Asking | None] = ContextVar("asking", default=None)


@contextmanager
def asking(insists: bool) -> Iterator[Asking]:
    """Look at what people type within this; what the software itself writes is not looked at."""
    current = Asking(insists)
    token = _asking.set(current)
    try:
        yield current
    finally:
        _asking.reset(token)


def refused() -> bool:
    """Whether something was refused in this request, so that its page offers the tick."""
    current = _asking.get()
    return current is not None and current.refused


def suspects(texts: Mapping[str, str], today: date) -> dict[str, str]:
    """Name -> the sentence about what its text seems to hold. Asks the database once, for the names."""
    words = {name: parts(text) for name, text in texts.items()}
    digests = {digest_of(word): word for text_words in words.values() for word in text_words}
    known = KnownName.objects.filter(digest__in=digests).values_list("digest", flat=True) if digests else ()
    names = {digests[digest] for digest in known}
    sentences = {}
    for name, text in texts.items():
        if sentence := _pattern(text, today) or (_("This may be somebody's name.") if words[name] & names else ""):
            sentences[name] = sentence
    return sentences


def _pattern(text: str, today: date) -> str:
    if any(bsn.is_valid(match[1]) for match in _NUMBER.finditer(text)):
        return _("This holds what may be a citizen number (BSN).")
    years = [int(match[1] or match[2]) for match in _DATE.finditer(text)]
    if _BORN.search(text) or any(1900 <= year <= today.year - ADULT for year in years):
        return _("This holds what may be a birth date.")
    titled = {part for match in _TITLED.finditer(text) for part in parts(match[1])}
    return _("This holds what may be somebody's name.") if titled - (_staff() if titled else set()) else ""


def _staff() -> set[str]:
    """The parts of the names of people with an account: they may be named."""
    return {part for name in Person.objects.values_list("last_name", flat=True) for part in parts(name)}


def check(texts: Mapping[str, str], today: date, labels: Mapping[str, str]) -> dict[str, str]:
    """Name -> the sentence with which it is refused; nothing where nobody types, or somebody insists."""
    now = _asking.get()
    fresh = {name: text for name, text in texts.items() if now is not None and text.strip() and text not in now.passed}
    if now is None or not fresh:
        return {}
    suspicions = suspects(fresh, today)
    now.passed |= {text for name, text in fresh.items() if name not in suspicions or now.insists}
    if now.insists:
        now.about += [labels.get(name, name) for name in suspicions]
        return {}
    now.refused = now.refused or bool(suspicions)
    advice = _("Take it out; or tick that it is not personal data, and save again.")
    return {name: f"{sentence} {advice}" for name, sentence in suspicions.items()}


def settled(reason: str, today: date, own: Collection[str] = ()) -> str:
    """A reason that may be stored, with what was insisted on; ValidationError where not. `own`: nobody typed these."""
    if reason not in own and (refusals := check({"reason": reason}, today, {"reason": _("the reason")})):
        raise ValidationError({"reason": refusals["reason"]})
    now = _asking.get()
    if now is None or not now.about:
        return reason
    insisted = _("insisted: no personal data in %(where)s") % {"where": ", ".join(dict.fromkeys(now.about))}
    if len(settled := f"{reason} [{insisted}]") > text_input.REASON:
        over = len(settled) - text_input.REASON
        raise ValidationError(
            {"reason": _("It is kept that you insisted: make the reason %(n)s shorter.") % {"n": over}}
        )
    return settled
