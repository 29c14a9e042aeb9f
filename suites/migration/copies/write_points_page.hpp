#pragma once
#include <atomic>
#include <cstdint>

namespace sluice::migration {

/// What the programs of one action run share with the check, as a mapped file. See write_points.hpp.
struct WritePointsPage {
  static constexpr std::uint64_t valid = 0x736c756963655750;
  std::uint64_t magic = valid;
  std::uint64_t kill_at = 0;             ///< the write before which the group is killed; 0: none, and each is logged
  std::atomic<std::uint64_t> writes{0};  ///< met so far, over all processes
  std::atomic<std::uint32_t> killed{0};
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free && std::atomic<std::uint32_t>::is_always_lock_free,
              "processes share it");

inline constexpr const char* write_points_page_variable = "SLUICE_WRITE_POINTS";
inline constexpr const char* write_points_files_variable = "SLUICE_WRITE_FILES";  ///< paths, a line each
inline constexpr const char* write_points_log_suffix = ".log";

}  // namespace sluice::migration
