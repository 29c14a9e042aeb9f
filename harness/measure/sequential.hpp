#pragma once
#include <span>
#include <vector>

namespace sluice::measure {

/// For looking at data while they come in: the one-sided level at each look such that the chance of ever crossing one
/// by luck is `alpha` in all. Lan and DeMets' spending function of the O'Brien-Fleming shape, alpha(t) = 2 - 2
/// Phi(z_{alpha/2} / sqrt t), solved by the recursion of Armitage, McPherson and Rowe (1969). `fractions` are the
/// shares of the whole information at each look: ascending, the last one 1. At alpha 0.05 and looks at 1/4, 1/2, 3/4, 1
/// the z values are 3.750, 2.540, 2.016, 1.720. Skipping a look is safe. Throws std::invalid_argument.
std::vector<double> obrien_fleming_levels(double alpha, std::span<const double> fractions);

/// Holm's step-down test: which of the null hypotheses fall, given their p values. levels[k] is the level for the test
/// of the smallest p while k hypotheses have fallen already (alpha/m, alpha/(m-1), ..., alpha for a plain Holm test).
std::vector<bool> holm(std::span<const double> p_values, std::span<const double> levels);

}  // namespace sluice::measure
