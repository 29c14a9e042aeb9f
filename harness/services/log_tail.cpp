#include "harness/services/log_tail.hpp"

#include <algorithm>
#include <fstream>
#include <vector>

#include "harness/core/printable.hpp"

namespace sluice::services {
namespace {

std::string last_bytes(const std::filesystem::path& log, std::streamoff limit) {
  std::ifstream stream(log, std::ios::binary | std::ios::ate);
  if (!stream) return "";
  const std::streamoff size = stream.tellg();
  const std::streamoff wanted = std::min(size, limit);
  stream.seekg(size - wanted);
  std::string text(static_cast<std::size_t>(wanted), '\0');
  stream.read(text.data(), wanted);
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return text;
}

}  // namespace

std::string log_tail(const std::filesystem::path& log, std::size_t lines) {
  const std::string text = last_bytes(log, 8 << 10);
  std::vector<std::string_view> found;
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    found.push_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (found.size() > lines) found.erase(found.begin(), found.end() - static_cast<std::ptrdiff_t>(lines));
  std::string tail;
  for (const auto line : found) {
    if (!tail.empty()) tail += '\n';
    tail += printable(line, 500);
  }
  return tail;
}

bool log_contains(const std::filesystem::path& log, std::string_view text, std::uintmax_t from) {
  constexpr std::uintmax_t most = 16 << 20;
  std::error_code missing;
  const auto size = std::filesystem::file_size(log, missing);
  if (missing || size <= from) return false;
  return last_bytes(log, static_cast<std::streamoff>(std::min(size - from, most))).find(text) != std::string::npos;
}

}  // namespace sluice::services
