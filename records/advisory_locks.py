"""The locks that PostgreSQL keeps for us under a number: all of them, so that no two take the same one."""

from enum import IntEnum, unique


@unique
class AdvisoryLock(IntEnum):
    """The key, or the first of two where the second says of which participant or page."""

    STUDY = 4860  # being closed or written as a whole; records/workflow/lock_sql.py takes both
    PARTICIPANT = 4861
    FIGURES_PAGE = 4862
    MONITORING_DRAWS = 4870
    SCAN = 486_090
    SEALS = 486_091
    SNAPSHOTS = 486_092
    PARTICIPANT_CODES = 2_622_841
