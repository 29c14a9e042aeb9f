#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

// How much may be kept in memory instead of on a disk.
namespace sluice::services {

/// The bytes that files of `folder`, which lies in memory (tmpfs), may still take: the least of what its file system,
/// the machine and the control groups that we are in leave. 0 when it does not lie in memory or cannot be asked.
std::uint64_t memory_room(const std::filesystem::path& folder);

/// The bytes that the control groups named by `groups` (the text of /proc/self/cgroup) leave below their limits, page
/// cache that is not in use not counted; `mount` is where they are mounted. The greatest number when none has a limit.
std::uint64_t control_group_room(const std::string& groups, const std::filesystem::path& mount);

/// What decides where a private cluster's data lies.
struct StorageRequest {
  std::string wanted;  ///< memory, disk or auto
  bool durable = false;
  std::uint64_t loaded = 0;  ///< bytes of the files that will be loaded into it
  std::uint64_t room = 0;    ///< what memory_room() says
};

/// The room that memory must have for such a cluster: its own files, what the files that are loaded grow into (tables,
/// indexes, write-ahead log; dumps are compressed), what actions add, and what the rest of the machine needs.
std::uint64_t memory_needed(const StorageRequest& request);

/// Empty when the data lies in memory, else why it lies on the disk.
std::string why_on_disk(const StorageRequest& request);

/// Whether so little room is left in memory that the kernel would soon end programs of its own choice.
bool memory_runs_out(std::uint64_t room);
/// Whether that is to be laid to data of so many bytes, and not to what others have taken.
bool takes_memory(std::uint64_t bytes);

}  // namespace sluice::services
