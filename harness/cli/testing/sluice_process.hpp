#pragma once
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/services/child_process.hpp"
#include "harness/testing/check_context.hpp"

namespace sluice::cli::testing {

/// For tests of the program as its users start it: a process of its own in a folder that is gone afterwards, with its
/// own temporary folder and its own state folder (so that it never meets this user's ledger), without colours.
class SluiceProcess : public ::testing::Test {
 protected:
  using Environment = std::map<std::string, std::string>;

  SluiceProcess();

  /// Starts it with these arguments; what it says goes to the file `log`. `more` comes before what is set here.
  std::unique_ptr<services::ChildProcess> start(std::vector<std::string> arguments, Environment more = {},
                                                const std::string& log = "output");
  /// Waits for its end: its exit code, 1000 + the signal that ended it, or -1 when it has not ended within two minutes.
  static int exit_of(const services::ChildProcess& sluice);
  /// start() and exit_of().
  int sluice(std::vector<std::string> arguments, Environment more = {});
  /// Writes `plan` to plan.yaml and runs it.
  int run(const std::string& plan, std::vector<std::string> more = {});

  /// What the last one said on both of its streams.
  std::string output() const { return read("output"); }
  /// The whole of a file, by its path from the folder; empty when there is none.
  std::string read(const std::filesystem::path& file) const;
  nlohmann::ordered_json report(const std::string& out = "out") const;
  std::filesystem::path temporary() const { return folder_.path() / "tmp"; }
  /// The run folders that exist now: their names are the markers of the runs' processes.
  std::vector<std::string> run_markers() const;
  /// `text` with one place changed, which must be there.
  static std::string with(std::string text, const std::string& from, const std::string& to);

  sluice::testing::TemporaryFolder folder_;
  services::ProcessHost host_{"test-" + folder_.path().filename().string()};
};

}  // namespace sluice::cli::testing
