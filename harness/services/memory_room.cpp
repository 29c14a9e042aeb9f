#include "harness/services/memory_room.hpp"

#include <fmt/core.h>
#include <linux/magic.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>
#include <sstream>

namespace sluice::services {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20;

// The number behind `name` in a file of lines such as "inactive_file 4096"; nullopt when there is none.
std::optional<std::uint64_t> number_of(const fs::path& file, const std::string& name) {
  std::ifstream stream(file);
  std::string line;
  while (std::getline(stream, line)) {
    std::istringstream fields(line);
    std::string key;
    std::uint64_t number = 0;
    if (fields >> key >> number && key == name) return number;
  }
  return std::nullopt;
}

// A file that holds one number; nullopt when it is not there or holds another word, such as "max".
std::optional<std::uint64_t> number_in(const fs::path& file) {
  std::ifstream stream(file);
  std::uint64_t number = 0;
  if (stream >> number) return number;
  return std::nullopt;
}

// The names of what a group says of its memory, in the first and in the second version.
struct GroupFiles {
  const char* limit;
  const char* usage;
  const char* idle_cache;
};

std::uint64_t room_of_group(const fs::path& group, const GroupFiles& files) {
  const auto limit = number_in(group / files.limit);
  const auto usage = number_in(group / files.usage);
  if (!limit || !usage) return unlimited;
  const std::uint64_t idle = std::min(number_of(group / "memory.stat", files.idle_cache).value_or(0), *usage);
  return *limit - std::min(*limit, *usage - idle);
}

// The group and all above it. In a container the path may be that of the host, and then only the mount itself is there.
std::uint64_t room_up_to(const fs::path& mount, const fs::path& path, const GroupFiles& files) {
  std::uint64_t room = unlimited;
  for (fs::path below = path.relative_path();; below = below.parent_path()) {
    room = std::min(room, room_of_group(mount / below, files));
    if (below.empty()) return room;
  }
}

}  // namespace

std::uint64_t control_group_room(const std::string& groups, const fs::path& mount) {
  std::uint64_t room = unlimited;
  std::istringstream lines(groups);
  std::string line;
  while (std::getline(lines, line)) {
    const auto first = line.find(':');
    const auto second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const std::string path = line.substr(second + 1);
    if (controllers == ",,")
      room = std::min(room, room_up_to(mount, path, {"memory.max", "memory.current", "inactive_file"}));
    if (controllers.find(",memory,") != std::string::npos)
      room = std::min(room, room_up_to(mount / "memory", path,
                                       {"memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"}));
  }
  return room;
}

std::uint64_t memory_room(const fs::path& folder) {
  struct statfs kind {};
  struct statvfs space {};
  if (folder.empty() || statfs(folder.c_str(), &kind) != 0 || kind.f_type != TMPFS_MAGIC ||
      statvfs(folder.c_str(), &space) != 0)
    return 0;
  const std::uint64_t file_system = std::uint64_t{space.f_bavail} * space.f_frsize;
  const std::uint64_t machine = number_of("/proc/meminfo", "MemAvailable:").value_or(0) * 1024;
  std::ifstream own("/proc/self/cgroup");
  const std::string groups{std::istreambuf_iterator<char>(own), {}};
  return std::min({file_system, machine, control_group_room(groups, "/sys/fs/cgroup")});
}

std::uint64_t memory_needed(const StorageRequest& request) {
  constexpr std::uint64_t always = 2048 * mebibyte;
  constexpr std::uint64_t growth = 16;  // a compressed dump about as much again as its tables and their log
  return request.loaded > (unlimited - always) / growth ? unlimited : always + growth * request.loaded;
}

std::string why_on_disk(const StorageRequest& request) {
  if (request.wanted == "disk") return "the plan says storage: disk";
  if (request.durable) return "what is durable lies on a disk";
  const std::uint64_t needed = memory_needed(request);
  if (request.room >= needed) return "";
  return fmt::format("memory has room for {} MiB, and {} MiB should be free", request.room / mebibyte,
                     needed / mebibyte);
}

bool memory_runs_out(std::uint64_t room) { return room < 256 * mebibyte; }

bool takes_memory(std::uint64_t bytes) { return bytes >= 1024 * mebibyte; }

}  // namespace sluice::services
