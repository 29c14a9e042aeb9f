#pragma once
#include <filesystem>

#include "harness/core/result.hpp"

namespace sluice::cli {

/// Reads a report.json; throws InputError with the file and what is wrong with it.
RunResult read_report(const std::filesystem::path& path);

}  // namespace sluice::cli
