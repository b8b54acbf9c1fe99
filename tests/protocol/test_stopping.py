"""The stopping boundary: every figure of the tables in study.md 5.9, computed again."""

import pytest

from protocol import stopping

RATES = (0.18, 0.30, 0.40, 0.50)
TABLE = {  # n: (Bayes boundary, posterior at it, one fewer, Pocock boundary, stopped by n at each rate)
    3: (3, 0.959, 0.774, 3, (0.006, 0.027, 0.064, 0.125)),
    4: (3, 0.903, 0.658, 3, (0.020, 0.084, 0.179, 0.312)),
    5: (3, 0.830, 0.546, 4, (0.044, 0.163, 0.317, 0.500)),
    6: (4, 0.922, 0.745, 4, (0.044, 0.163, 0.317, 0.500)),
    7: (4, 0.869, 0.655, 4, (0.049, 0.191, 0.373, 0.578)),
    8: (4, 0.804, 0.566, 5, (0.061, 0.239, 0.456, 0.676)),
    9: (5, 0.897, 0.733, 5, (0.061, 0.239, 0.456, 0.676)),
    10: (5, 0.848, 0.657, 5, (0.065, 0.258, 0.492, 0.721)),
    11: (6, 0.919, 0.791, 6, (0.065, 0.258, 0.492, 0.721)),
    12: (6, 0.880, 0.728, 6, (0.066, 0.269, 0.515, 0.750)),
    13: (6, 0.835, 0.662, 6, (0.069, 0.290, 0.555, 0.793)),
}
INTERVALS = {0: (0, 0.247), 1: (0.002, 0.360), 2: (0.019, 0.454), 3: (0.050, 0.538), 6: (0.192, 0.749)}
FIXED = {
    3: (0.134, 0.423, 0.498, 0.798, 0.942, 0.989),
    4: (0.034, 0.194, 0.253, 0.579, 0.831, 0.954),
    5: (0.006, 0.068, 0.099, 0.346, 0.647, 0.867),
    6: (0.001, 0.018, 0.030, 0.165, 0.426, 0.709),
}


@pytest.mark.parametrize("n", TABLE)
def test_boundaries_and_posteriors(n):
    bayes, at, fewer, pocock, _stopped = TABLE[n]

    assert stopping.boundary(n) == bayes
    assert stopping.posterior(bayes, n) == pytest.approx(at, abs=5e-4)
    assert stopping.posterior(bayes - 1, n) == pytest.approx(fewer, abs=5e-4)
    assert dict(stopping.pocock_boundaries())[n] == pocock


@pytest.mark.parametrize(("place", "rate"), list(enumerate(RATES)))
def test_operating_characteristics(place, rate):
    by_n = stopping.ever_stopped(rate, stopping.bayes_boundaries(), 13)

    for n, row in TABLE.items():
        assert by_n[n - 1] == pytest.approx(row[4][place], abs=6e-4)


def test_expected_patients_and_pocock():
    expected = [stopping.expected_used(rate, stopping.bayes_boundaries(), 13) for rate in RATES]
    pocock = [stopping.ever_stopped(rate, dict(stopping.pocock_boundaries()), 13)[-1] for rate in RATES]

    assert expected == pytest.approx([12.5, 11.1, 9.3, 7.4], abs=0.05)
    assert pocock == pytest.approx([0.048, 0.24, 0.51, 0.77], abs=6e-3)


@pytest.mark.parametrize("events", FIXED)
def test_fixed_rules(events):
    rates = (0.10, 0.18, 0.20, 0.30, 0.40, 0.50)

    assert [stopping.reaches(events, rate) for rate in rates] == pytest.approx(FIXED[events], abs=6e-4)


@pytest.mark.parametrize("events", INTERVALS)
def test_exact_intervals(events):
    assert stopping.interval(events, 13) == pytest.approx(INTERVALS[events], abs=6e-4)


def test_sequences_for_the_monitor():
    assert stopping.judge(3, 3).verdict == "stop"
    assert stopping.judge(2, 3).verdict == "continue"
    assert stopping.judge(2, 2).verdict == "continue"
    assert stopping.upper_one_sided(0, 13) == pytest.approx(0.206, abs=6e-4)
    with pytest.raises(ValueError, match="between"):
        stopping.judge(4, 3)
