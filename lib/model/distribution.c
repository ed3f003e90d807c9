/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Quantiles and tails of the distributions that thresholds and intervals need. The incomplete
 * gamma function is its power series (DLMF 8.7.1), quantiles are found by bisection: exact to
 * rounding, and fast enough where they are used a few times per model.
 */
#include "model_priv.h"

#include <math.h>

/* P(Γ(shape) ≤ x). The series has positive terms only; it needs about x + 40 √x of them. */
static double gamma_below(double shape, double x)
{
	int sign;
	double term = 1 / shape, sum = term;

	if (x <= 0)
		return 0;
	for (double k = shape + 1; term > sum * 1e-17; k++) {
		term *= x / k;
		sum += term;
	}
	return sum * exp(shape * log(x) - x - lgamma_r(shape, &sign));
}

double adit_chi2_quantile(unsigned freedom, double upper)
{
	double low = 0, high = freedom + 10;

	while (gamma_below(freedom / 2.0, high / 2) < 1 - upper)
		high *= 2;
	for (int i = 0; i < 200 && low < high; i++) {
		double middle = low + (high - low) / 2;
		if (middle == low || middle == high)
			break;
		if (gamma_below(freedom / 2.0, middle / 2) < 1 - upper)
			low = middle;
		else
			high = middle;
	}
	return high;
}

double adit_normal_two_sided(double confidence)
{
	double low = 0, high = 40;

	for (int i = 0; i < 200; i++) {
		double middle = (low + high) / 2;
		if (erfc(middle / M_SQRT2) > 1 - confidence)
			low = middle;
		else
			high = middle;
	}
	return low;
}

double adit_binomial_below(uint64_t trials, double p, uint64_t hits)
{
	double odds, term, sum;

	if (hits >= trials || p <= 0)
		return 1;
	if (p >= 1)
		return 0;
	odds = log(p) - log1p(-p);
	term = (double)trials * log1p(-p);
	sum = exp(term);
	for (uint64_t i = 1; i <= hits; i++) {
		term += log((double)(trials - i + 1) / (double)i) + odds;
		sum += exp(term);
		/* Beyond the mode terms only fall. */
		if ((double)i > (double)trials * p && exp(term) < sum * 1e-18)
			break;
	}
	return sum < 1 ? sum : 1;
}

double adit_binomial_upper(uint64_t trials, uint64_t hits, double confidence)
{
	double low = 0, high = 1;

	if (hits >= trials)
		return 1;
	if (hits == 0)
		return -expm1(log1p(-confidence) / (double)trials);
	for (int i = 0; i < 60; i++) {
		double middle = (low + high) / 2;
		if (adit_binomial_below(trials, middle, hits) > 1 - confidence)
			low = middle;
		else
			high = middle;
	}
	return high;
}
