#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "harness/plan/loader.hpp"
#include "harness/run/observer.hpp"
#include "harness/run/runner.hpp"
#include "harness/testing/check_context.hpp"

namespace sluice::run::testing {

/// The kinds `test.scripted`, `test.alone` (the same, exclusive) and `test.writing` (the same, writes to stores):
/// checks whose verdict, control and deed the plan decides, for tests in which the runner is what is tested. Their
/// `deed` happens while they are exercised:
///   none | throw | kill (what wrote service.pid) | wait (until cancelled) | say FIFO | hear FIFO | await FIFO (hears
///   it before it has begun) | note (begin and end are lines in `order`) |
///   point ACTION (start it with the stores /real/a.db and db:5432/voice replaced) |
///   timeout ACTION (the one that the plan gives it, or "none", is a line in `order`) |
///   follow (until the actions are over; what is told of them are lines in `order`)
std::vector<CheckKind> scripted_kinds();

/// A folder with a plan that is run there, with nothing left of it afterwards.
class RunnerTest : public ::testing::Test {
 protected:
  RunResult run(const std::string& text, std::vector<std::string> phases = {}, std::stop_token stop = {},
                const EvidenceBook* book = nullptr);
  /// The file `order` that actions and checks write to.
  std::string order() const;

  RunObserver silent_;
  RunObserver* observer_ = &silent_;  ///< who is told of the run
  sluice::testing::TemporaryFolder folder_;
  SystemClock clock_;
  std::vector<CheckKind> kinds_ = scripted_kinds();
  std::size_t daemons_ = 0;  ///< processes that the plan's actions leave to the end of the run's folder
  RunOptions options_;       ///< what the plan is run with; folders are filled in
};

}  // namespace sluice::run::testing
