#pragma once

// The few distributions that the rules need; keeps Boost.Math out of every other unit.
namespace sluice::measure {

/// P(Z > z) of the standard normal distribution.
double normal_tail(double z);
/// The z with normal_tail(z) == tail; 0 < tail < 1.
double normal_upper_point(double tail);
/// P(T > t) of Student's distribution; `degrees` is positive and need not be whole.
double student_tail(double t, double degrees);
/// The t with student_tail(t, degrees) == tail.
double student_upper_point(double tail, double degrees);
/// The regularised incomplete beta function I_x(a, b), and its inverse in x.
double incomplete_beta(double a, double b, double x);
double inverse_incomplete_beta(double a, double b, double share);

}  // namespace sluice::measure
