import numpy as np
import pytest
from scipy.stats import gamma, nbinom

from casemix_risk.progress.forecast import group_variance, rate_quantiles, relative_rates, rest_of_year


def test_the_posterior_by_hand():
    # v = 1/2: shape 2 + 7 = 9, rate 2 + 5 = 7; and shape 2, rate 3.
    rates = relative_rates(np.array([7, 0]), np.array([5.0, 1.0]), np.ones(2), 0.5)
    assert rates.mean.tolist() == pytest.approx([9 / 7, 2 / 3])
    assert rates.relative_variance.tolist() == pytest.approx([1 / 9, 1 / 2])
    for probability in (0.05, 0.95):
        expected = gamma.ppf(probability, [9, 2], scale=[1 / 7, 1 / 3])
        assert rate_quantiles(rates, probability).tolist() == pytest.approx(expected.tolist())


def test_the_rest_of_the_year_is_negative_binomial():
    rates = relative_rates(np.array([7]), np.array([5.0]), np.ones(1), 0.5)
    rest = rest_of_year(rates, np.array([14.0]), np.array([100.0]), np.ones(1))
    mean, variance = nbinom.stats(9, 7 / (7 + 14))  # Gamma 9, 7 mixed over Poisson 14 theta
    assert rest.volume.item() == pytest.approx(mean)
    assert (rest.volume * rest.factor).item() == pytest.approx(variance)


def test_repeat_admissions_are_less_evidence():
    of_patients = relative_rates(np.array([10]), np.array([4.0]), np.array([2.0]), 0.1)
    alone = relative_rates(np.array([5]), np.array([2.0]), np.ones(1), 0.1)
    assert of_patients == alone
    rest = rest_of_year(of_patients, np.array([6.0]), np.ones(1), np.array([2.0]))
    mean = 6 * (10 + 5) / (10 + 2)
    assert rest.volume.item() == pytest.approx(mean)
    assert rest.factor.item() == pytest.approx(2 + mean / 15)


def test_groups_that_do_not_differ_learn_nothing():
    rates = relative_rates(np.array([7]), np.array([5.0]), np.ones(1), 0.0)
    assert (rates.mean.item(), rate_quantiles(rates, 0.95).item()) == (1, 1)
    assert rest_of_year(rates, np.array([5.0]), np.ones(1), np.ones(1)).factor.item() == 1


def test_the_variance_is_where_the_likelihood_is_largest():
    generator = np.random.default_rng(5)
    expected = generator.lognormal(1, 1.5, 300)
    counts = generator.poisson(expected * generator.gamma(1 / 0.09, 0.09, 300))
    found = group_variance(counts, expected, np.ones(300))

    def log_likelihood(v):
        return nbinom.logpmf(counts, 1 / v, 1 / (1 + v * expected)).sum()

    assert all(log_likelihood(found) > log_likelihood(found * near) for near in (0.98, 0.999, 1.001, 1.02))
    assert found == pytest.approx(0.09, abs=0.04)


def test_counts_as_expected_show_no_difference_between_groups():
    assert group_variance(np.array([3, 10]), np.array([3.0, 10.0]), np.ones(2)) == 0
    assert group_variance(np.array([100]), np.array([80.0]), np.array([6.0])) == 0  # 20^2 / 6 < 100
    assert group_variance(np.array([100]), np.array([80.0]), np.ones(1)) > 0
