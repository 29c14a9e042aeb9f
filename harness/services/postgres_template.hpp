#pragma once
#include <chrono>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "harness/services/child_process.hpp"

namespace sluice::services {

/// Data folders as initdb makes them, kept for all runs of this user: initdb takes a second or more, a copy a fraction
/// of one. One folder per server, user and options. Made under a file lock into a temporary name and then renamed, so
/// two runs at once make it once, and one that is killed leaves nothing that another would take for whole.
class PostgresTemplate {
 public:
  struct Source {
    std::filesystem::path initdb;
    std::vector<std::string> options;  ///< all but where
    std::optional<RunAs> run_as;
  };
  /// `folder` holds the templates of all sources; it is made when missing.
  PostgresTemplate(std::filesystem::path folder, Source source);

  /// Makes `data`, which must not exist, a fresh data folder of the user that the source names. Runs initdb with its
  /// output in `log` when there is no whole template yet. Throws EnvironmentError, also when that takes longer than
  /// `within`, and Cancelled.
  void copy_to(const std::filesystem::path& data, ProcessHost& host, const std::filesystem::path& log,
               std::chrono::nanoseconds within, std::stop_token stop) const;

  /// Where the template is, or will be.
  const std::filesystem::path& path() const { return path_; }

 private:
  void make(ProcessHost& host, const std::filesystem::path& log, std::chrono::nanoseconds within,
            std::stop_token stop) const;
  void remove_leftovers() const;

  std::filesystem::path folder_;
  Source source_;
  std::filesystem::path path_;
};

}  // namespace sluice::services
