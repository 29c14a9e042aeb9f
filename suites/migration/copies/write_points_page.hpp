#pragma once
#include <sys/stat.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace sluice::migration {

/// What the programs of one action run share with the check, as a mapped file. See write_points.hpp.
struct WritePointsPage {
  static constexpr std::uint64_t valid = 0x736c756963655750;
  std::uint64_t magic = valid;
  std::uint64_t kill_at = 0;             ///< the write before which the group is killed; 0: none, and each is logged
  std::atomic<std::uint64_t> writes{0};  ///< met so far, over all processes
  std::atomic<std::uint32_t> killed{0};

  /// A database file, for telling writes that no point was met for: by whoever does not load the library.
  struct File {
    static constexpr std::uint64_t unknown = ~std::uint64_t{0};
    std::atomic<std::uint64_t> modified{unknown};  ///< its time of modification after the last write met, nanoseconds
    std::atomic<std::uint32_t> unmet{0};           ///< whether it had another when one was met next
  };
  static constexpr std::size_t most_files = 32;
  File files[most_files];  ///< as the lines of write_points_files_variable
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free && std::atomic<std::uint32_t>::is_always_lock_free,
              "processes share it");

inline std::uint64_t modified(const struct stat& file) {
  return static_cast<std::uint64_t>(file.st_mtim.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(file.st_mtim.tv_nsec);
}

inline constexpr const char* write_points_page_variable = "SLUICE_WRITE_POINTS";
inline constexpr const char* write_points_files_variable = "SLUICE_WRITE_FILES";  ///< paths, a line each
inline constexpr const char* write_points_log_suffix = ".log";

}  // namespace sluice::migration
