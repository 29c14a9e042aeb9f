#include "harness/cli/report_file.hpp"

#include <array>
#include <fstream>

#include "harness/core/errors.hpp"
#include "reports/json.hpp"

namespace sluice::cli {

RunResult read_report(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw InputError(path.string() + ": cannot be read");
  // One byte more than a report may have, and no more of a file that never ends.
  std::string text;
  std::array<char, 64 << 10> buffer{};
  while (text.size() <= reports::ReportLimits{}.bytes &&
         (stream.read(buffer.data(), buffer.size()) || stream.gcount() > 0))
    text.append(buffer.data(), static_cast<std::size_t>(stream.gcount()));
  try {
    return reports::from_json(text);
  } catch (const InputError& error) {
    throw InputError(path.string() + ": " + error.what());
  }
}

}  // namespace sluice::cli
