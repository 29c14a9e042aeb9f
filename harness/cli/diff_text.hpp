#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "harness/cli/store_diff.hpp"

namespace sluice::cli {

/// For people: a line for each table, below it a sample of the rows that differ, and a line about all. Names and values
/// come from the stores and are escaped.
std::string as_text(const StoreDiff& diff, bool colour);

/// For machines; harness/cli/README.md gives the shape.
nlohmann::ordered_json as_json(const StoreDiff& diff, int exit_code);

}  // namespace sluice::cli
