#include "harness/core/parameter_problems.hpp"

namespace sluice {

void ParameterProblems::refuse() const {
  std::string text;
  for (const auto& problem : all_) {
    if (!text.empty()) text += "; ";
    for (const auto& step : problem.path) text += (&step == &problem.path.front() ? "" : ", ") + step;
    if (!problem.path.empty()) text += ": ";
    text += problem.message;
  }
  if (!text.empty()) throw InputError(text);
}

}  // namespace sluice
