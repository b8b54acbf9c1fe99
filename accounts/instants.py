"""The one reader of an instant that somebody typed into a page, an address or a command."""

import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from protocol.cli_args import EARLIEST, LATEST

_WRITTEN = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:[.,]\d{1,6})?)?) ?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII | re.IGNORECASE
)


def read(typed: str, zone: ZoneInfo) -> datetime:
    """With an offset, on the clocks of the zone, or a day (its end). ValidationError with a sentence.

    A local time that did not exist is refused, and so is one that happened twice, with both that can be meant.
    """
    text = typed.strip().replace("\x00", "")[:40]
    written = _WRITTEN.fullmatch(text)
    try:
        day = date.fromisoformat(written[1]) if written else None
        clock, offset = (written[2] or "23:59:59", (written[3] or "").upper()) if written else ("", "")
        instant = datetime.fromisoformat(f"{day}T{clock.replace(',', '.')}{offset}") if day else None
    except ValueError:
        instant = None
    if instant is None or not EARLIEST <= instant.year <= LATEST:
        sentence = _("“%(typed)s” is not a day or a time, such as 2016-03-08 or 2016-03-08 14:05.")
        raise ValidationError(sentence % {"typed": text})
    return instant if instant.tzinfo else _on_clocks(instant, zone)


def _on_clocks(local: datetime, zone: ZoneInfo) -> datetime:
    first, second = (local.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    params = {"time": f"{local:%H:%M}", "day": f"{local:%-d %b %Y}", "zone": zone.key}
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local:
        sentence = _("%(time)s did not exist on %(day)s: the clocks of %(zone)s went forward.")
        raise ValidationError(sentence % params)
    if first.utcoffset() != second.utcoffset():
        params |= {"first": first.isoformat(" ", "minutes"), "second": second.isoformat(" ", "minutes")}
        sentence = _("%(time)s happened twice on %(day)s: write %(first)s or %(second)s.")
        raise ValidationError(sentence % params)
    return first
