#pragma once
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>

#include "harness/core/outcome.hpp"
#include "harness/testing/check_context.hpp"
#include "harness/testing/http_server.hpp"

namespace sluice::load::testing {

using Handler = std::function<sluice::testing::ServedResponse(const sluice::testing::ServedRequest&)>;

/// Answers 200 after 30 ms, a timer of the server: what any machine can keep. `slowed` says how many times as long the
/// n-th request (counted from 1) takes.
Handler thinking(std::function<double(std::uint64_t)> slowed = [](std::uint64_t) { return 1.0; });

using Changes = std::map<std::string, std::string>;

/// What the whole check, control included, says of two real servers: 200/s in blocks of 250 ms for at most `budget`,
/// limits p50 1.12 and p99 1.30, errors_max 1%. `changes` replace parameters, as they would be written.
class CompareFixture : public ::testing::Test {
 protected:
  Outcome compare(Handler old_side, Handler new_side, const Changes& changes = {});
  /// The same against any two URLs.
  Outcome compare_urls(const std::string& old_url, const std::string& new_url, const Changes& changes = {});

  sluice::testing::TemporaryFolder folder_;
};

}  // namespace sluice::load::testing
