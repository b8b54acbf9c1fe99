"""The roles of the trial and what each may do (study.md 6). docs/roles.md is generated from here."""

from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.lazy_text import StrOrPromise


class Permission(models.TextChoices):
    """A permission, in plain English. Each is asked for by name: `person.may(Permission.ENTER, site)`."""

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
DELEGATED: dict[Permission, Task] = {
    Permission.REGISTER: Task.ENTER,
    Permission.ENTER: Task.ENTER,
    Permission.ENTER_SBRT: Task.ENTER,
    Permission.VOID: Task.ENTER,
    Permission.JUDGE_SBRT: Task.JUDGE,
    Permission.JUDGE_SURGERY: Task.JUDGE,
    Permission.JUDGE_COMBINATION: Task.JUDGE,
    Permission.SIGN: Task.SIGN,
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
class RolePolicy:
    """What a role does all day, and so may do."""

    does: StrOrPromise
    may: frozenset[Permission]


_INVESTIGATOR = {
    Permission.SEE,
    Permission.REGISTER,
    Permission.ENTER,
    Permission.VOID,
    Permission.SIGN,
    Permission.SAFETY,
    Permission.EXPORT,
}

ROLE_PERMISSIONS: dict[Role, RolePolicy] = {
    Role.NURSE: RolePolicy(
        _("Keeps the screening log, dates and visits; fills in the forms from the patient file."),
        frozenset({Permission.SEE, Permission.REGISTER, Permission.ENTER, Permission.VOID, Permission.EXPORT}),
    ),
    Role.SURGEON: RolePolicy(
        _("Eligibility, surgery, wounds; judges whether an event comes from the surgery."),
        frozenset(_INVESTIGATOR | {Permission.JUDGE_SURGERY, Permission.JUDGE_COMBINATION}),
    ),
    Role.RADIATION_ONCOLOGIST: RolePolicy(
        _("SBRT, pain response; judges whether an event comes from the radiotherapy."),
        frozenset(_INVESTIGATOR | {Permission.ENTER_SBRT, Permission.JUDGE_SBRT, Permission.JUDGE_COMBINATION}),
    ),
    Role.PRINCIPAL_INVESTIGATOR: RolePolicy(
        _("Answers for the trial: signs eligibility and casebooks, adjudicates, classifies deviations."),
        frozenset(
            _INVESTIGATOR
            | {
                Permission.JUDGE_SBRT,
                Permission.JUDGE_SURGERY,
                Permission.JUDGE_COMBINATION,
                Permission.ADJUDICATE,
                Permission.CLASSIFY,
                Permission.MONITORING,
                Permission.SIGN_OFF,
                Permission.UNLOCK,
                Permission.AUDIT,
                Permission.REDACT,
                Permission.REOPEN,
                Permission.DELEGATE,
            }
        ),
    ),
    Role.RT_TECHNOLOGIST: RolePolicy(
        _("Dose and beam times."),
        frozenset({Permission.SEE, Permission.ENTER_SBRT}),
    ),
    Role.DATA_MANAGER: RolePolicy(
        _("Queries, coding, reconciliation, locks and exports; enters no data."),
        frozenset(
            {
                Permission.SEE,
                Permission.QUERY,
                Permission.MONITORING,
                Permission.LOCK,
                Permission.EXPORT,
                Permission.AUDIT,
                Permission.REDACT,
                Permission.SAFETY,
            }
        ),
    ),
    Role.MONITOR: RolePolicy(
        _("Compares the forms with the source; raises queries; never edits."),
        frozenset(
            {
                Permission.SEE,
                Permission.QUERY,
                Permission.MONITORING,
                Permission.VERIFY,
                Permission.AUDIT,
                Permission.SAFETY,
            }
        ),
    ),
    Role.SAFETY_OFFICER: RolePolicy(
        _("Watches the serious-event clocks and the stopping boundary for the sponsor."),
        frozenset({Permission.SEE, Permission.SAFETY, Permission.REOPEN}),
    ),
    Role.SAFETY_MONITOR: RolePolicy(
        _("Independent review of safety, on closed snapshots."),
        frozenset({Permission.SAFETY}),
    ),
    Role.STATISTICIAN: RolePolicy(
        _("Freezes and analyses the data; edits nothing."),
        frozenset({Permission.SEE, Permission.EXPORT, Permission.SAFETY}),
    ),
    Role.ADMIN: RolePolicy(
        _("People, roles and backups; no clinical data."),
        frozenset({Permission.PEOPLE, Permission.AUDIT}),
    ),
}

# These act on the delegation of the principal investigator, who answers for the trial and delegates to nobody else.
ON_DELEGATION = frozenset({Role.NURSE, Role.SURGEON, Role.RADIATION_ONCOLOGIST, Role.RT_TECHNOLOGIST})

# One person may wear several hats, but never check or judge what he or she entered (EMA A3.3).
INCOMPATIBLE_ROLES: list[tuple[Role, Role]] = [
    (Role.MONITOR, Role.NURSE),
    (Role.MONITOR, Role.SURGEON),
    (Role.MONITOR, Role.RADIATION_ONCOLOGIST),
    (Role.MONITOR, Role.PRINCIPAL_INVESTIGATOR),
    (Role.MONITOR, Role.RT_TECHNOLOGIST),
    (Role.ADMIN, Role.PRINCIPAL_INVESTIGATOR),
    (Role.ADMIN, Role.MONITOR),
    (Role.SAFETY_MONITOR, Role.PRINCIPAL_INVESTIGATOR),
]
