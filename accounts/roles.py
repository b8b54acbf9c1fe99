"""The roles of the trial and what each may do (study.md 6). docs/roles.md is generated from here."""

from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _


class May(models.TextChoices):
    """A permission, in plain English. Each is asked for by name: `person.may(May.ENTER, site)`."""

    SEE = "see", _("see the participants of the site")
    REGISTER = "register", _("register a new participant")
    ENTER = "enter", _("fill in case report forms")
    ENTER_SBRT = "enter-sbrt", _("fill in the SBRT form")
    JUDGE_SBRT = "judge-sbrt", _("judge relatedness to SBRT")
    JUDGE_SURGERY = "judge-surgery", _("judge relatedness to surgery")
    JUDGE_COMBINATION = "judge-combination", _("judge relatedness to the combination")
    ADJUDICATE = "adjudicate", _("decide where the specialists disagree")
    VOID = "void", _("void a record, with a reason")
    SIGN = "sign", _("sign events and forms")
    SIGN_OFF = "sign-off", _("sign eligibility, deviations, serious events, the endpoint and the casebook")
    VERIFY = "verify", _("compare answers with the source")
    MONITORING = "monitoring", _("see the plan of monitoring, its progress and the log of visits")
    LOCK = "lock", _("freeze and lock, and ask to unlock")
    UNLOCK = "unlock", _("agree that somebody else unlocks")
    CLASSIFY = "classify", _("classify and close protocol deviations")
    QUERY = "query", _("raise and close queries")
    EXPORT = "export", _("export data")
    AUDIT = "audit", _("review the audit trail")
    REDACT = "redact", _("ask for a redaction, and agree to another one's")
    SAFETY = "safety", _("see the safety page and serious-event clocks")
    REOPEN = "reopen", _("decide whether locked enrolment goes on")
    PEOPLE = "people", _("manage people and their roles")
    DELEGATE = "delegate", _("sign the delegation log of the site")


class Task(models.TextChoices):
    """What the principal investigator delegates, on the site's log, to people who were trained for it."""

    ENTER = "enter", _("registering participants and filling in forms")
    JUDGE = "judge", _("judging relatedness")
    SIGN = "sign", _("signing events and forms")


# What needs a line on the delegation log besides the role (21 CFR 11.10(i); E6 4.3.2). Without: read-only.
DELEGATED: dict[May, Task] = {
    May.REGISTER: Task.ENTER,
    May.ENTER: Task.ENTER,
    May.ENTER_SBRT: Task.ENTER,
    May.VOID: Task.ENTER,
    May.JUDGE_SBRT: Task.JUDGE,
    May.JUDGE_SURGERY: Task.JUDGE,
    May.JUDGE_COMBINATION: Task.JUDGE,
    May.SIGN: Task.SIGN,
}


class Role(models.TextChoices):
    """A role is held at a site; a person may hold several."""

    NURSE = "nurse", _("research nurse")
    SURGEON = "surgeon", _("spine surgeon")
    RADIATION_ONCOLOGIST = "radonc", _("radiation oncologist")
    PRINCIPAL_INVESTIGATOR = "pi", _("principal investigator")
    RT_TECHNOLOGIST = "rtt", _("radiotherapy technologist")
    DATA_MANAGER = "datamanager", _("data manager")
    MONITOR = "monitor", _("monitor")
    SAFETY_OFFICER = "safety", _("safety officer")
    SAFETY_MONITOR = "dsmb", _("independent safety monitor")
    STATISTICIAN = "statistician", _("biostatistician")
    ADMIN = "admin", _("administrator")


@dataclass(frozen=True)
class Duties:
    """What a role does all day, and so may do."""

    does: str
    may: frozenset[May]


_INVESTIGATOR = {May.SEE, May.REGISTER, May.ENTER, May.VOID, May.SIGN, May.SAFETY, May.EXPORT}

DUTIES: dict[Role, Duties] = {
    Role.NURSE: Duties(
        _("Keeps the screening log, dates and visits; fills in the forms from the patient file."),
        frozenset({May.SEE, May.REGISTER, May.ENTER, May.VOID, May.EXPORT}),
    ),
    Role.SURGEON: Duties(
        _("Eligibility, surgery, wounds; judges whether an event comes from the surgery."),
        frozenset(_INVESTIGATOR | {May.JUDGE_SURGERY, May.JUDGE_COMBINATION}),
    ),
    Role.RADIATION_ONCOLOGIST: Duties(
        _("SBRT, pain response; judges whether an event comes from the radiotherapy."),
        frozenset(_INVESTIGATOR | {May.ENTER_SBRT, May.JUDGE_SBRT, May.JUDGE_COMBINATION}),
    ),
    Role.PRINCIPAL_INVESTIGATOR: Duties(
        _("Answers for the trial: signs eligibility and casebooks, adjudicates, classifies deviations."),
        frozenset(
            _INVESTIGATOR
            | {
                May.JUDGE_SBRT,
                May.JUDGE_SURGERY,
                May.JUDGE_COMBINATION,
                May.ADJUDICATE,
                May.CLASSIFY,
                May.MONITORING,
                May.SIGN_OFF,
                May.UNLOCK,
                May.AUDIT,
                May.REDACT,
                May.REOPEN,
                May.DELEGATE,
            }
        ),
    ),
    Role.RT_TECHNOLOGIST: Duties(
        _("Dose and beam times."),
        frozenset({May.SEE, May.ENTER_SBRT}),
    ),
    Role.DATA_MANAGER: Duties(
        _("Queries, coding, reconciliation, locks and exports; enters no data."),
        frozenset({May.SEE, May.QUERY, May.MONITORING, May.LOCK, May.EXPORT, May.AUDIT, May.REDACT, May.SAFETY}),
    ),
    Role.MONITOR: Duties(
        _("Compares the forms with the source; raises queries; never edits."),
        frozenset({May.SEE, May.QUERY, May.MONITORING, May.VERIFY, May.AUDIT, May.SAFETY}),
    ),
    Role.SAFETY_OFFICER: Duties(
        _("Watches the serious-event clocks and the stopping boundary for the sponsor."),
        frozenset({May.SEE, May.SAFETY, May.REOPEN}),
    ),
    Role.SAFETY_MONITOR: Duties(
        _("Independent review of safety, on closed snapshots."),
        frozenset({May.SAFETY}),
    ),
    Role.STATISTICIAN: Duties(
        _("Freezes and analyses the data; edits nothing."),
        frozenset({May.SEE, May.EXPORT, May.SAFETY}),
    ),
    Role.ADMIN: Duties(
        _("People, roles and backups; no clinical data."),
        frozenset({May.PEOPLE, May.AUDIT}),
    ),
}

# These act on the delegation of the principal investigator, who answers for the trial and delegates to nobody else.
ON_DELEGATION = frozenset({Role.NURSE, Role.SURGEON, Role.RADIATION_ONCOLOGIST, Role.RT_TECHNOLOGIST})

# One person may wear several hats, but never check or judge what he or she entered (EMA A3.3).
NEVER_TOGETHER: list[tuple[Role, Role]] = [
    (Role.MONITOR, Role.NURSE),
    (Role.MONITOR, Role.SURGEON),
    (Role.MONITOR, Role.RADIATION_ONCOLOGIST),
    (Role.MONITOR, Role.PRINCIPAL_INVESTIGATOR),
    (Role.MONITOR, Role.RT_TECHNOLOGIST),
    (Role.ADMIN, Role.PRINCIPAL_INVESTIGATOR),
    (Role.ADMIN, Role.MONITOR),
    (Role.SAFETY_MONITOR, Role.PRINCIPAL_INVESTIGATOR),
]
