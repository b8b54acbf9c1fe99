"""The reporting set of study.md 7 as one document: tables 1 to 11, figures, IDEAL items, and what is undetermined."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.resources import files as package_files
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from accounts.models import Person
from oversight.analysis import cohort, conduct, course, endings, events, flow, listings, outcomes, safety
from oversight.analysis.cohort import Cohort
from oversight.analysis.figure import Figure
from oversight.drawing import files, typeset
from protocol.study import STUDY
from records.models import Seal

Draw = Callable[[Cohort], Figure]


@dataclass(frozen=True)
class Part:
    """One figure of the report under its heading; `number` is that of the table in study.md 7.2."""

    number: str
    draw: Draw


def _events(related: str, days: str) -> Draw:
    """One reading of the table of events; its drawing shows two readings at once, so it stands with the first alone."""

    def draw(everybody: Cohort) -> Figure:
        figure = events.table_of_events(everybody, related, days)
        return figure if related == "all" else replace(figure, drawing=None)

    return draw


CONTENTS: tuple[Part, ...] = (
    Part("1", flow.flow),
    Part("", flow.accrual),
    Part("2", listings.baseline),
    Part("3", listings.sbrt),
    Part("4", listings.surgery),
    Part("5", flow.interval),
    Part("6a", _events("all", "60")),
    Part("6b", _events("any", "60")),
    Part("6c", _events("sbrt", "60")),
    Part("6d", _events("surgery", "60")),
    Part("6e", _events("all", "90")),
    Part("6f", _events("any", "90")),
    Part("7a", listings.endpoint_summary),
    Part("7b", safety.endpoint_strip),
    Part("7c", safety.boundary_plot),
    Part("8a", events.serious),
    Part("8b", events.deaths),
    Part("8c", course.wounds),
    Part("8d", listings.deviations),
    Part("9a", outcomes.pain),
    Part("9b", outcomes.omed),
    Part("9c", outcomes.response),
    Part("9d", outcomes.quality),
    Part("10", endings.neurology),
    Part("11", listings.line_listing),
    Part("", course.swimmer),
    Part("", course.first_severe),
    Part("", endings.survival),
    Part("", endings.learning),
    Part("", listings.technique),
    Part("", conduct.completeness),
    Part("", listings.undetermined),
)


@dataclass(frozen=True)
class Source:
    """A snapshot as the report tells of it, with the data it cut."""

    name: str
    closed: str
    sha256: str
    seal: str
    cut: cohort.Cut


@dataclass(frozen=True)
class Report:
    """The figures of one instant, and what a reader must know of where they come from."""

    at: datetime
    made_at: datetime
    source: Source | None
    seal: Seal | None
    figures: tuple[tuple[str, Figure], ...]

    @property
    def about(self) -> list[tuple[str, str]]:
        """Label and value, for the first page."""
        return [
            (_("Study"), f"{STUDY.name}, {STUDY.registration}"),
            (_("Protocol version"), STUDY.version),
            (_("Data as of"), _said(self.at)),
            (_("Made"), _said(self.made_at)),
            *(_of_snapshot(self.source) if self.source else _of_trail(self.seal)),
        ]

    @property
    def fictional(self) -> str:
        """Said on every page of a demonstration."""
        return _("Generated from fictional data.") if settings.DEMO else ""


def _of_snapshot(source: Source) -> list[tuple[str, str]]:
    closed = {"lock": _("locked"), "freeze": _("frozen")}.get(source.closed, _("open"))
    return [
        (_("Snapshot"), source.name),
        (_("The study then"), closed),
        (_("SHA-256 of its file"), source.sha256),
        (_("Its seal"), source.seal),
    ]


def _of_trail(seal: Seal | None) -> list[tuple[str, str]]:
    sentence = _("none yet: the audit trail had not been sealed at this instant")
    if seal is not None:
        words = _("seal %(number)s of %(at)s, SHA-256 %(digest)s")
        sentence = words % {"number": seal.number, "at": _said(seal.at), "digest": seal.digest}
    return [(_("Snapshot"), _("none: the records themselves")), (_("Last seal of the audit trail"), sentence)]


def _said(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def build(person: Person, now: datetime, at: datetime | None = None, source: Source | None = None) -> Report:
    """Everything of the participants whom this person may see, now or as of an instant; or a snapshot's."""
    everybody = cohort.cut(source.cut) if source else cohort.load(person.site_ids() if person else None, None, now, at)
    moment = source.cut.at if source else at or now
    seal = Seal.objects.filter(at__lte=moment).order_by("-number").first()
    drawn = tuple((part.number, part.draw(everybody)) for part in CONTENTS)
    return Report(moment, now.replace(microsecond=0), source, seal, drawn)


def as_html(report: Report) -> str:
    """One file that needs no other."""
    style = files.style() + files.read("css/report.css")
    return render_to_string("report/file.html", {"report": report, "style": style})


def as_pdf(report: Report) -> bytes:
    """Tagged PDF (PDF/UA-1 and PDF/A), with the typefaces inside; the same bytes for the same instant of making."""
    document = {
        "title": _("%(study)s: report") % {"study": STUDY.name},
        "about": report.about,
        "fictional": report.fictional,
        "contents": _("Contents"),
        "page": _("page"),
        "nothing": _("Nothing yet."),
        "figures": [_plain(number, figure) for number, figure in report.figures],
    }
    program = package_files("oversight").joinpath("report.typ").read_bytes()
    texts = {"report": json.dumps(document, ensure_ascii=False)}
    return typeset.compiled(program, texts, format="pdf", timestamp=report.made_at, pdf_standards=["ua-1"])


def _plain(number: str, figure: Figure) -> dict[str, Any]:
    """A figure as the typesetting program reads it."""
    return {
        "number": number,
        "title": figure.title,
        "sentence": figure.sentence,
        "reading": " · ".join(dict(choice.options)[choice.chosen] for choice in figure.choices),
        "notes": list(figure.notes),
        "svg": files.svg(figure) if figure.drawing else "",
        "tall": min(round(figure.drawing.height / 4), 150) if figure.drawing else 0,
        "columns": [column.heading for column in figure.table.columns],
        "right": [column.number for column in figure.table.columns],
        "rows": [["–" if cell.value in (None, "") else str(cell.value) for cell in row.cells]
                 for row in figure.table.rows],
    }  # fmt: skip
