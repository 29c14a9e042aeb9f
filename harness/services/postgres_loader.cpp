#include "harness/services/postgres_loader.hpp"

#include <fmt/core.h>

#include <fstream>
#include <vector>

#include "harness/core/errors.hpp"
#include "harness/core/parameters.hpp"
#include "harness/services/log_tail.hpp"

namespace sluice::services {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view custom_dump = "PGDMP";

// The first bytes; throws when the file cannot be read.
std::string first_bytes(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string bytes(custom_dump.size(), '\0');
  if (!stream || fs::is_directory(file) ||
      (!stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size())) && !stream.eof()))
    throw EnvironmentError(fmt::format("cannot read {}", file.string()));
  return bytes;
}

}  // namespace

void load_into_postgres(const fs::path& file, const std::string& url, const LoadTools& tools, std::stop_token stop) {
  const fs::path path = tools.directory / file;
  std::vector<std::string> command;
  if (first_bytes(path) == custom_dump) {
    command = {(tools.binaries / "pg_restore").string(),
               "--exit-on-error",
               "--no-owner",
               "--no-privileges",
               "--dbname",
               url,
               path.string()};
  } else {
    command = {(tools.binaries / "psql").string(),
               "--no-psqlrc",
               "--quiet",
               "--set",
               "ON_ERROR_STOP=1",
               "--output",
               "/dev/null",
               "--file",
               path.string(),
               url};
  }
  std::error_code none;
  auto begin = fs::file_size(tools.log, none);
  if (none) begin = 0;
  const auto child =
      tools.host->spawn({.command = command, .environment = {}, .directory = tools.directory, .log = tools.log});
  const auto status = child->wait(tools.within, stop);
  if (stop.stop_requested()) throw Cancelled();
  if (!status)
    throw EnvironmentError(
        fmt::format("loading {} was not done within {}", path.string(), human_duration(tools.within)));
  if (!status->succeeded())
    throw EnvironmentError(
        fmt::format("loading {} failed ({}): {}", path.string(), status->to_string(), log_tail(tools.log, 5, begin)));
}

}  // namespace sluice::services
