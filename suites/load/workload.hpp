#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "harness/net/endpoint.hpp"
#include "harness/scenario/corpus.hpp"
#include "harness/scenario/route_map.hpp"
#include "suites/load/generator.hpp"

namespace sluice::load {

/// The mix of requests: steps of a corpus, drawn by their weights. Each request is rendered with variables of its own.
class Workload {
 public:
  /// Reads and checks the corpus. Throws InputError with file:line for WebSocket steps, steps that cannot be rendered
  /// on their own (a captured value has no place in an open model), and for weights that sum to nothing. An empty
  /// corpus is an empty workload.
  Workload(const std::filesystem::path& corpus, scenario::RouteMap routes);

  bool empty() const { return corpus_.steps.empty(); }
  const std::string& step_name(std::uint32_t step) const { return corpus_.steps.at(step).name; }

  /// Which step each of `count` requests is; the same for the same seed.
  std::vector<std::uint32_t> draw(std::size_t count, std::uint64_t seed) const;

  /// The bytes of each request for `endpoint`; `routed` rewrites paths by the routes. `seed` makes the unique values.
  std::vector<PreparedRequest> prepare(const std::vector<std::uint32_t>& steps, const net::Endpoint& endpoint,
                                       bool routed, std::uint64_t seed) const;

 private:
  PreparedRequest render(std::uint32_t step, const net::Endpoint& endpoint, bool routed, std::uint64_t seed) const;

  scenario::Corpus corpus_;
  scenario::RouteMap routes_;
  std::vector<double> cumulative_;  ///< weights, summed up
};

}  // namespace sluice::load
