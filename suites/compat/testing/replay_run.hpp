#pragma once
#include <functional>
#include <string>
#include <vector>

#include "harness/core/outcome.hpp"
#include "harness/testing/http_server.hpp"

namespace sluice::compat {

using HttpHandler = std::function<sluice::testing::ServedResponse(const sluice::testing::ServedRequest&)>;

/// Two real servers and a corpus; runs compat.replay over them, with its control after a pass.
struct ReplayRun {
  sluice::testing::ServerHandlers old_side;
  sluice::testing::ServerHandlers new_side;
  std::string corpus;             ///< JSON lines
  std::string parameters = "{}";  ///< without the corpus
  std::uint64_t seed = 1;

  Outcome run() const;
};

/// A JSON answer.
sluice::testing::ServedResponse json(std::string body, unsigned status = 200, std::vector<net::Header> more = {});
/// The same answer to every request.
HttpHandler always(sluice::testing::ServedResponse response);

/// "rule pointer" of every finding that fails a check.
std::vector<std::string> failures(const Outcome& outcome);
/// Everything about an outcome, for the messages of failed expectations.
std::string text_of(const Outcome& outcome);

}  // namespace sluice::compat
