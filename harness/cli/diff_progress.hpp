#pragma once
#include <cstdint>
#include <mutex>
#include <string>

#include "harness/cli/console_writer.hpp"
#include "harness/cli/live_model.hpp"
#include "harness/cli/signals.hpp"

namespace sluice::cli {

/// Shows on stderr how far a comparison of tables is: rows, rows a second, time left. On a terminal a live line that is
/// gone at the end; elsewhere whole lines, and only of what takes longer than half a minute. `signals` must outlive it.
class DiffProgress {
 public:
  explicit DiffProgress(Signals& signals);
  ~DiffProgress();
  DiffProgress(const DiffProgress&) = delete;
  DiffProgress& operator=(const DiffProgress&) = delete;

  void started(const std::string& table);
  /// `expected` is zero where the number of rows is not known.
  void progressed(const std::string& table, std::uint64_t rows, std::uint64_t expected);
  void finished(const std::string& table);

 private:
  static LiveModel::Time now() { return std::chrono::steady_clock::now(); }

  Signals& signals_;
  std::mutex mutex_;  // the model
  LiveModel model_;
  ConsoleWriter writer_;  // after what its thread asks for
};

}  // namespace sluice::cli
