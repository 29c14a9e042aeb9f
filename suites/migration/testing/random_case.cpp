#include "suites/migration/testing/random_case.hpp"

#include <algorithm>

namespace sluice::migration {

std::string line_of(const Finding& finding) {
  std::string line = finding.rule;
  for (const auto& [name, value] : finding.where) line += " " + value;
  return line;
}

std::vector<std::string> RandomCase::observed(const std::vector<const Finding*>& findings,
                                              const std::map<std::string, double>&) const {
  std::vector<std::string> lines;
  for (const auto* finding : findings) lines.push_back(line_of(*finding));
  std::sort(lines.begin(), lines.end());
  return lines;
}

}  // namespace sluice::migration
