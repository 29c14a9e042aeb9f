#pragma once
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "harness/core/check.hpp"
#include "harness/net/endpoint.hpp"
#include "harness/scenario/player.hpp"
#include "harness/scenario/route_map.hpp"

namespace sluice::compat {

/// One step of one pass.
struct Played {
  scenario::Exchange exchange;
  std::map<std::string, std::string> captured;  ///< what this step captured
  bool done = false;                            ///< false: the pass was given up before it
};

/// One session's steps, played once over one side with variables of its own.
struct Pass {
  std::vector<Played> steps;        ///< as many as the session has
  std::vector<std::string> tokens;  ///< the random tokens that were sent, in order
};

struct SessionRecord {
  std::string session;
  std::vector<const scenario::Step*> steps;  ///< owned by the corpus
  Pass first;                                ///< the old side
  Pass again;                                ///< the old side once more
  Pass candidate;                            ///< the new side
};

struct Recording {
  std::vector<SessionRecord> sessions;
  std::string given_up;  ///< why the rest was not played; empty when all was
};

struct RecordingOptions {
  net::Endpoint old_side;
  net::Endpoint new_side;
  std::chrono::nanoseconds timeout = std::chrono::seconds(10);
};

/// Plays the corpus three times: every session on the old side, again on the old side, and on the new side, each with
/// its own random tokens. Where the answers tell the time, the second pass over the old side starts in another second
/// than the first, so that a clock shows as one. Gives up after a few failures in a row on one side. Throws Cancelled.
Recording record(const scenario::Corpus& corpus, const RecordingOptions& options, const scenario::RouteMap& routes,
                 const CheckContext& context);

}  // namespace sluice::compat
