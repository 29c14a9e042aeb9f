#include "suites/load/workload.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "harness/core/errors.hpp"
#include "harness/measure/arrival.hpp"
#include "harness/net/http_client.hpp"
#include "harness/net/request_text.hpp"
#include "harness/scenario/templates.hpp"
#include "harness/scenario/variables.hpp"

namespace sluice::load {
namespace {

constexpr std::uint64_t seed_step = 0x9E3779B97F4A7C15;  // spreads neighbouring seeds (golden ratio)

}  // namespace

Workload::Workload(const std::filesystem::path& corpus, scenario::RouteMap routes)
    : corpus_(scenario::load_corpus(corpus)), routes_(std::move(routes)) {
  double total = 0;
  const net::Endpoint anywhere{.scheme = "http", .host = "localhost", .port = 80, .base_path = ""};
  for (std::uint32_t step = 0; step < corpus_.steps.size(); ++step) {
    const scenario::Step& each = corpus_.steps[step];
    if (each.websocket) {
      throw InputError(
          fmt::format("{}: step \"{}\" is a WebSocket conversation, which a load mix cannot hold; move it "
                      "to a corpus of its own",
                      each.location, each.name));
    }
    if (!std::isfinite(each.weight) || each.weight < 0) {
      throw InputError(fmt::format("{}: the weight of step \"{}\" is no share", each.location, each.name));
    }
    total += each.weight;
    cumulative_.push_back(total);
    render(step, anywhere, true, 1);
  }
  if (!corpus_.steps.empty() && total <= 0) {
    throw InputError(fmt::format("{}: all weights are zero: there is nothing to send", corpus.string()));
  }
}

std::vector<std::uint32_t> Workload::draw(std::size_t count, std::uint64_t seed) const {
  std::mt19937_64 random(seed);
  std::vector<std::uint32_t> steps(count);
  for (auto& step : steps) {
    // unit_random is in (0, 1]: a step of weight 0 is never at or above it first.
    const double point = measure::unit_random(random) * cumulative_.back();
    const auto found = std::lower_bound(cumulative_.begin(), cumulative_.end(), point);
    step = static_cast<std::uint32_t>(
        std::min<std::ptrdiff_t>(found - cumulative_.begin(), static_cast<std::ptrdiff_t>(cumulative_.size()) - 1));
  }
  return steps;
}

std::vector<PreparedRequest> Workload::prepare(const std::vector<std::uint32_t>& steps, const net::Endpoint& endpoint,
                                               bool routed, std::uint64_t seed) const {
  std::vector<PreparedRequest> requests;
  requests.reserve(steps.size());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    requests.push_back(render(steps[i], endpoint, routed, seed + (i + 1) * seed_step));
  }
  return requests;
}

PreparedRequest Workload::render(std::uint32_t index, const net::Endpoint& endpoint, bool routed,
                                 std::uint64_t seed) const {
  const scenario::Step& step = corpus_.steps.at(index);
  scenario::Variables variables(seed);
  const auto fill = [&](const std::string& text, std::string (*escape)(std::string_view)) {
    return step.templates ? variables.render(text, escape) : text;
  };
  try {
    net::Request request{.method = step.method, .target = {}, .headers = {}, .body = {}};
    std::string path = step.path;
    if (routed) routes_.apply(request.method, path);
    request.target = fill(path, net::percent_encode);
    for (const net::Header& header : step.headers) {
      request.headers.push_back({header.name, fill(header.value, nullptr)});
    }
    if (step.body) request.body = fill(*step.body, step.json_body ? scenario::json_escape : nullptr);
    std::string bytes = net::request_head(endpoint, request);
    bytes += request.body;
    return {std::move(bytes), index, request.method == "HEAD"};
  } catch (const InputError& error) {
    throw InputError(fmt::format("{}: step \"{}\" cannot be sent on its own, as every request of a load mix is: {}",
                                 step.location, step.name, error.what()));
  }
}

}  // namespace sluice::load
