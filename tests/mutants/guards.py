"""Guards that no test varied once: each is broken by hand, and the test named beside it must fail.

A break names its text, not its line: where the code is written otherwise, the run says that the break fits no more.
"""

from dataclasses import dataclass

from tests.environment import ROOT


@dataclass(frozen=True)
class Guard:
    """One decision, how it was broken, and who notices."""

    name: str
    path: str
    before: str
    after: str
    test: str
    sql: str = ""  # what is broken in the database beside it, where that guards the same

    @property
    def key(self) -> str:
        return "guard-" + self.name.replace(" ", "-")

    @property
    def source(self) -> str:
        """The module with the break; ValueError where its text is not there exactly once."""
        text = (ROOT / self.path).read_text()
        if text.count(self.before) != 1:
            raise ValueError(f"The break of “{self.name}” fits {self.path} no more: write it anew.")
        return text.replace(self.before, self.after)


_PEOPLE, _TWO_SITES = "tests/accounts/test_people.py", "tests/accounts/test_two_sites.py"
_JOBS, _SERVICES = "tests/exports/test_jobs.py", "tests/records/test_services.py"
_SIGNING, _MACHINE = "tests/records/test_signing.py", "tests/records/workflow/test_trust_machine.py"
_ENDPOINT, _WINDOW = "tests/protocol/test_endpoint.py", "tests/protocol/test_window.py"
_MESSAGES, _SCAN = "tests/oversight/notifications/test_messages.py", "tests/oversight/scanning/test_scan.py"
_RECONCILED = "tests/adverse_events/test_reconciliation.py"
_QUIET = f"{_MESSAGES}::test_quiet_hours_hold_back_everything_but_safety"

GUARDS = [
    Guard(
        "a delegation at the other site",
        "accounts/person.py",
        "or (site_id, task) in self.delegated",
        "or any(task == other for _site, other in self.delegated)",
        f"{_TWO_SITES}::test_my_delegation_in_lisbon_lets_me_write_nothing_in_utrecht",
    ),
    Guard(
        "a prepared zip after losing one of two sites",
        "exports/views/jobs.py",
        "if not set(export_job.sites) <= request.user.site_ids(Permission.EXPORT):",
        "if not set(export_job.sites) & request.user.site_ids(Permission.EXPORT):",
        f"{_JOBS}::test_a_zip_of_two_sites_is_gone_for_who_left_one_of_them",
        "ALTER POLICY of_a_site_in_sight ON exports_exportjob"
        " USING ((SELECT records_sees_all()) OR sites && (SELECT records_sites())::bigint[])",
    ),
    Guard(
        "a zip that is to be made after losing one of two sites",
        "exports/jobs.py",
        "or not set(job.sites) <= person.site_ids(Permission.EXPORT)",
        "or not set(job.sites) & person.site_ids(Permission.EXPORT)",
        f"{_JOBS}::test_a_zip_of_two_sites_is_not_made_for_who_has_left_one_of_them",
    ),
    Guard(
        "an event at exactly the first beam counts",
        "protocol/endpoint.py",
        "return True if low >= start_high and",
        "return True if low > start_high and",
        f"{_ENDPOINT}::test_cases[at the very minute of the first beam]",
    ),
    Guard(
        "an event at exactly the first beam is not before it",
        "protocol/endpoint.py",
        "if high < start_low:",
        "if high <= start_low:",
        f"{_ENDPOINT}::test_cases[at the very minute of the first beam]",
    ),
    Guard(
        "escalation past a role nobody holds",
        "oversight/notifications/notify.py",
        "if people:  # nobody holds this role here: the one after it is told at once",
        "if True:",
        f"{_MESSAGES}::test_where_nobody_is_principal_investigator_the_data_manager_hears_at_once",
    ),
    Guard(
        "a row has the status of its form",
        "records/services.py",
        "row.status, row.completed_at = record.status, record.completed_at",
        "row.completed_at = record.completed_at",
        f"{_SERVICES}::test_rows_are_complete_with_their_form_and_not_before",
    ),
    Guard(
        "a row that nobody touched is completed with its form",
        "records/services.py",
        "rows = rows if completes else changed.rows(rows)",
        "rows = changed.rows(rows)",
        f"{_SERVICES}::test_a_row_that_nobody_touched_is_completed_with_its_form",
    ),
    Guard(
        "a snooze that would outlast the deadline",
        "oversight/worklist/snooze.py",
        "until = min(until, item.due_at)",
        "until = max(until, item.due_at)",
        "tests/oversight/worklist/test_worklist.py::test_a_visit_that_is_due_tomorrow_is_back_tomorrow",
    ),
    Guard(
        "a scan after a restore",
        "oversight/scanning/scan.py",
        "since = read_to if read_to <= horizon else 0",
        "since = read_to",
        f"{_SCAN}::test_after_a_restore_everybody_is_judged_again",
    ),
    Guard(
        "quiet hours at their first minute",
        "oversight/notifications/quiet_hours.py",
        "return begins <= hour < ends",
        "return begins < hour < ends",
        f"{_QUIET}[preference9-1-2016-03-08 09:00-2016-03-08 12:00]",
    ),
    Guard(
        "quiet hours at their last minute",
        "oversight/notifications/quiet_hours.py",
        "return begins <= hour < ends",
        "return begins <= hour <= ends",
        f"{_QUIET}[preference11-1-2016-03-08 12:00-2016-03-08 12:00]",
    ),
    Guard(
        "signing while frozen",
        "records/workflow/states.py",
        "if state(record) in move.start and not _is_refused_frozen(record, move):",
        "if state(record) in move.start - {FROZEN}:",
        f"{_SIGNING}::test_what_is_frozen_for_the_interim_look_is_still_compared_and_signed",
    ),
    Guard(
        "signing a draft that is frozen",
        "records/workflow/states.py",
        "if state(record) in move.start and not _is_refused_frozen(record, move):",
        "if state(record) in move.start:",
        f"{_SIGNING}::test_a_draft_that_is_frozen_is_signed_and_compared_by_nobody",
    ),
    Guard(
        "an end date moved earlier",
        "accounts/services.py",
        "if row.ends_at == ends_at:",
        "if row.ends_at is not None and row.ends_at >= ends_at:",
        f"{_PEOPLE}::test_a_last_day_that_is_moved_earlier_counts_from_then_on",
    ),
    Guard(
        "a delegation ended before its last day",
        "accounts/delegation.py",
        "return self.filter(begun).filter(Q(ending=None) | Q(ending__ends_at__gt=now))",
        "return self.filter(begun).filter(Q(ending=None) | Q(ends_at__gt=now))",
        f"{_TWO_SITES}::test_a_delegation_that_was_ended_before_its_last_day_is_over",
    ),
    Guard(
        "the day on which somebody withdrew moved earlier",
        "oversight/casebook/facts.py",
        "return min(on, _day(record.updated_at, book)) if on else",
        "return min(on, _day(_first(record, book), book)) if on and False else",
        "tests/oversight/casebook/test_last_day.py::"
        "test_a_correction_moves_no_last_day_but_the_one_it_states[withdrew, an earlier day]",
    ),
    Guard(
        "a blank against a missing answer in reconciliation",
        "adverse_events/reconciliation.py",
        'return str(reported or "").strip()',
        "return str(reported).strip()",
        f"{_RECONCILED}::test_what_neither_the_report_nor_the_event_says_does_not_differ",
    ),
    Guard(
        "a blank against an answer in reconciliation",
        "adverse_events/reconciliation.py",
        'return str(reported or "").strip()',
        'return not reported or not now or str(reported or "").strip()',
        f"{_RECONCILED}::test_a_blank_beside_an_answer_differs[report_says1-stands1]",
    ),
    Guard(
        "within 24 h at its edge",
        "protocol/window.py",
        "if timedelta() < shortest and longest <= FLAG:",
        "if timedelta() < shortest and longest < FLAG:",
        f"{_WINDOW}::test_within_24_hours_is_told_to_the_minute[sbrt_end2-incision2-True]",
    ),
    Guard(
        "within 24 h at its other edge",
        "protocol/window.py",
        "return False if shortest > FLAG or",
        "return False if shortest >= FLAG or",
        f"{_WINDOW}::test_within_24_hours_is_told_to_the_minute[sbrt_end6-incision6-None]",
    ),
    Guard(
        "the trust machine asks the pages who may close",
        "records/views/locks.py",
        "        _require(request.user, Permission.LOCK, site_id)\n        try:",
        "        try:",
        f"{_MACHINE}::test_everybody_tries_everything_once[nurse-draft]",
    ),
    Guard(
        "the trust machine asks the pages who may fill in",
        "records/views/form.py",
        "    if not _may_enter(form):\n        reads =",
        "    if False:\n        reads =",
        f"{_MACHINE}::test_everybody_tries_everything_once[monitor-draft]",
    ),
    Guard(
        "the trust machine asks the pages who may compare",
        "records/views/sign.py",
        "    require(request.user, Permission.VERIFY, place.participant.site_id)\n",
        "",
        f"{_MACHINE}::test_everybody_tries_everything_once[nurse-complete]",
    ),
    Guard(
        "nothing is closing any more when the scan comes late",
        "protocol/schedule.py",
        'gone = treatment.surgery_cancelled or window.verdict == "not done"',
        "gone = treatment.surgery_cancelled",
        f"{_SCAN}::test_three_days_without_a_worker_are_made_up_at_once",
    ),
]
