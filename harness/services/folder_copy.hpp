#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>

#include "harness/services/child_process.hpp"

namespace sluice::services {

/// How much a folder holds.
struct FolderSize {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  bool operator==(const FolderSize&) const = default;
};

FolderSize size_of(const std::filesystem::path& folder);

/// Copies a folder of plain files and folders, modes included, to `to`, which must not exist; as references to the same
/// blocks where the file system can (reflink). All of it belongs to `owner` afterwards. Returns what was copied. Throws
/// EnvironmentError that names the file.
FolderSize copy_folder(const std::filesystem::path& from, const std::filesystem::path& to,
                       const std::optional<RunAs>& owner);

}  // namespace sluice::services
