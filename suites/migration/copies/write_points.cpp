#include "suites/migration/copies/write_points.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <new>
#include <set>

#include "harness/core/errors.hpp"

// The library's file, as the linker put it in (CMakeLists.txt beside this file).
extern "C" const char _binary_sluice_write_points_so_start[];
extern "C" const char _binary_sluice_write_points_so_end[];

namespace sluice::migration {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path) {
  throw EnvironmentError(fmt::format("cannot make {}: {}", path.string(), std::strerror(errno)));
}

// The action may run as another user than the check.
fs::path make_file(const fs::path& path, const char* begin, std::size_t size, mode_t mode) {
  std::ofstream stream(path, std::ios::binary);
  stream.write(begin, static_cast<std::streamsize>(size));
  stream.close();
  if (!stream || chmod(path.c_str(), mode) != 0) fail(path);
  return path;
}

// Programs may open a file by any name that leads to it.
std::vector<std::string> names_of(const std::vector<fs::path>& files) {
  std::set<std::string> names;
  for (const auto& file : files) {
    std::error_code unresolved;
    names.insert(file.string());
    names.insert(fs::weakly_canonical(file, unresolved).string());
  }
  names.erase("");
  return {names.begin(), names.end()};
}

}  // namespace

WritePoints::WritePoints(const std::vector<fs::path>& files, const fs::path& folder, std::uint64_t kill_at)
    : names_(names_of(files)) {
  if (names_.size() > WritePointsPage::most_files) {
    throw EnvironmentError(
        fmt::format("writes to more than {} SQLite files at once cannot be watched", WritePointsPage::most_files / 2));
  }
  std::string pattern = (folder / "writes-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr || chmod(pattern.c_str(), 0755) != 0) fail(pattern);
  path_ = pattern;
  const auto* begin = _binary_sluice_write_points_so_start;
  const auto size = static_cast<std::size_t>(_binary_sluice_write_points_so_end - begin);
  const fs::path library = make_file(path_ / "sluice_write_points.so", begin, size, 0755);
  const std::string empty(sizeof(WritePointsPage), '\0');
  const fs::path page = make_file(path_ / "page", empty.data(), empty.size(), 0666);
  make_file(page.string() + write_points_log_suffix, "", 0, 0666);
  const int file = open(page.c_str(), O_RDWR | O_CLOEXEC);
  void* memory =
      file < 0 ? MAP_FAILED : mmap(nullptr, sizeof(WritePointsPage), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (file >= 0) close(file);
  if (memory == MAP_FAILED) fail(page);
  page_ = new (memory) WritePointsPage;
  page_->kill_at = kill_at;
  std::string lines;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    struct stat now {};
    if (stat(names_[i].c_str(), &now) == 0) page_->files[i].modified = modified(now);
    lines += names_[i] + "\n";
  }
  const char* inherited = std::getenv("LD_PRELOAD");
  environment_ = {
      {"LD_PRELOAD", library.string() + (inherited == nullptr ? "" : std::string(":") + inherited)},
      {write_points_page_variable, page.string()},
      {write_points_files_variable, lines},
  };
}

WritePoints::~WritePoints() {
  munmap(page_, sizeof(WritePointsPage));
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

// The kernel's clock for this ticks every few milliseconds: what happened within the tick of a write that was met is
// not told apart.
std::vector<std::string> WritePoints::changed_unseen() const {
  std::vector<std::string> changed;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    std::error_code unresolved;
    // Writes are met by the one name that a descriptor has.
    if (fs::weakly_canonical(names_[i], unresolved).string() != names_[i]) continue;
    const auto& file = page_->files[i];
    const auto last = file.modified.load();
    struct stat now {};
    const bool later =
        last != WritePointsPage::File::unknown && stat(names_[i].c_str(), &now) == 0 && modified(now) != last;
    if (file.unmet != 0 || later) changed.push_back(names_[i]);
  }
  return changed;
}

std::vector<std::string> WritePoints::texts() const {
  std::map<std::uint64_t, std::string> lines;  // processes may have written theirs in another order
  std::ifstream log(path_ / (std::string("page") + write_points_log_suffix));
  std::string line;
  while (std::getline(log, line)) {
    const auto blank = line.find(' ');
    if (blank != std::string::npos) lines[std::strtoull(line.c_str(), nullptr, 10)] = line.substr(blank + 1);
  }
  std::vector<std::string> all(writes());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = lines[i + 1];
  return all;
}

}  // namespace sluice::migration
