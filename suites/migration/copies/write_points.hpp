#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "suites/migration/copies/write_points_page.hpp"

namespace sluice::migration {

/// The system calls by which the programs of one action run change SQLite databases: writes, truncations, syncs and
/// removals of the database file, its journal and its write-ahead log. They are numbered over all of its processes by a
/// library that is loaded into each (LD_PRELOAD); no privilege is needed. Before a chosen one the process group is
/// killed. Statically linked and set-uid programs, and those that clear their environment, are not seen.
class WritePoints {
 public:
  /// `files`: paths of databases, there already or not. `folder`: an existing one, for what is shared with the
  /// programs. `kill_at` counts from 1; 0 only watches. Throws EnvironmentError when a file cannot be made.
  WritePoints(const std::vector<std::filesystem::path>& files, const std::filesystem::path& folder,
              std::uint64_t kill_at);
  ~WritePoints();
  WritePoints(const WritePoints&) = delete;
  WritePoints& operator=(const WritePoints&) = delete;

  /// What the programs must find in their environment.
  const std::map<std::string, std::string>& environment() const { return environment_; }
  bool killed() const { return page_->killed != 0; }
  std::uint64_t writes() const { return page_->writes; }
  /// The databases that somebody else changed, too, since this was made: whom no point was met for. Only when none was
  /// to be killed; once the action has ended.
  std::vector<std::string> changed_unseen() const;
  /// What each call was, when none was to be killed: "write to copy3-journal, 512 bytes". In order.
  std::vector<std::string> texts() const;

 private:
  std::filesystem::path path_;
  std::vector<std::string> names_;  // of the databases, as the page's files
  WritePointsPage* page_ = nullptr;
  std::map<std::string, std::string> environment_;
};

}  // namespace sluice::migration
