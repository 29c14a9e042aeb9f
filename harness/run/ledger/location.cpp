#include "harness/run/ledger/location.hpp"

#include <cstdlib>

namespace sluice::ledger {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

}  // namespace

Location find_location(const std::string& option) {
  if (!option.empty()) return {.path = option, .told = true, .problem = {}};
  if (const auto told = variable("SLUICE_LEDGER"); !told.empty()) return {.path = told, .told = true, .problem = {}};
  // Relative values are invalid by the XDG Base Directory Specification and must be ignored.
  if (const std::filesystem::path state = variable("XDG_STATE_HOME"); state.is_absolute())
    return {.path = state / "sluice" / "ledger.db", .told = false, .problem = {}};
  if (const std::filesystem::path home = variable("HOME"); home.is_absolute())
    return {.path = home / ".local" / "state" / "sluice" / "ledger.db", .told = false, .problem = {}};
  return {.path = {},
          .told = false,
          .problem = "neither HOME nor XDG_STATE_HOME says where the ledger is; name one with --ledger"};
}

}  // namespace sluice::ledger
