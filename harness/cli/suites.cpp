#include "harness/cli/suites.hpp"

#include <iterator>
#include <utility>

#include "suites/compat/suite.hpp"
#include "suites/isolation/suite.hpp"
#include "suites/load/suite.hpp"
#include "suites/migration/suite.hpp"

namespace sluice::cli {

std::vector<CheckKind> all_kinds() {
  std::vector<CheckKind> all;
  for (auto kinds : {compat::kinds(), migration::kinds(), isolation::kinds(), load::kinds()}) {
    all.insert(all.end(), std::make_move_iterator(kinds.begin()), std::make_move_iterator(kinds.end()));
  }
  return all;
}

}  // namespace sluice::cli
