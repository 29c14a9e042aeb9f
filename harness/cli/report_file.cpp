#include "harness/cli/report_file.hpp"

#include <fstream>
#include <iterator>

#include "harness/core/errors.hpp"
#include "reports/json.hpp"

namespace sluice::cli {

RunResult read_report(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw InputError(path.string() + ": cannot be read");
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  try {
    return reports::from_json(text);
  } catch (const InputError& error) {
    throw InputError(path.string() + ": " + error.what());
  }
}

}  // namespace sluice::cli
