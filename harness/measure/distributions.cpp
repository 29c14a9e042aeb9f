#include "harness/measure/distributions.hpp"

#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <boost/math/special_functions/beta.hpp>
#include <cmath>

namespace sluice::measure {
namespace {

// Extreme arguments are legal here: the answer is then 0 or infinity, not an exception.
using Policy =
    boost::math::policies::policy<boost::math::policies::overflow_error<boost::math::policies::ignore_error>,
                                  boost::math::policies::underflow_error<boost::math::policies::ignore_error>,
                                  boost::math::policies::promote_double<false>>;
using Normal = boost::math::normal_distribution<double, Policy>;
using Student = boost::math::students_t_distribution<double, Policy>;

}  // namespace

double normal_tail(double z) { return 0.5 * std::erfc(z * M_SQRT1_2); }

double normal_upper_point(double tail) {
  return boost::math::quantile(boost::math::complement(Normal(0.0, 1.0), tail));
}

double student_tail(double t, double degrees) {
  if (std::isinf(t)) return t > 0 ? 0 : 1;
  return boost::math::cdf(boost::math::complement(Student(degrees), t));
}

double student_upper_point(double tail, double degrees) {
  return boost::math::quantile(boost::math::complement(Student(degrees), tail));
}

double incomplete_beta(double a, double b, double x) { return boost::math::ibeta(a, b, x, Policy()); }

double inverse_incomplete_beta(double a, double b, double share) {
  return boost::math::ibeta_inv(a, b, share, Policy());
}

}  // namespace sluice::measure
