#include "suites/load/pair_runner.hpp"

#include "harness/measure/arrival.hpp"

namespace sluice::load {

PairRunner::PairRunner(const Settings& settings, const Workload& workload, const std::string& old_url,
                       const std::string& new_url, std::uint64_t seed, const Clock& clock)
    : settings_(settings), workload_(workload), clock_(clock), random_(seed), began_(clock.now()) {
  const auto side = [&](const std::string& url, bool routed) {
    const net::Endpoint endpoint = net::parse_endpoint(url);
    return Side{endpoint, std::make_unique<Generator>(endpoint, settings_.generator), routed};
  };
  old_ = side(old_url, false);
  new_ = side(new_url, true);
}

void PairRunner::connect(const std::stop_token& cancelled) {
  old_.generator->connect(cancelled);
  new_.generator->connect(cancelled);
}

void PairRunner::warm_up(std::chrono::nanoseconds length, const std::stop_token& cancelled) {
  const auto until = clock_.now() + length;
  while (clock_.now() < until) measure(cancelled);
}

PairRecord PairRunner::measure(const std::stop_token& cancelled, double planted_slowdown) {
  const auto schedule = measure::arrival_schedule(settings_.arrival, settings_.rate, settings_.block, random_());
  const auto steps = workload_.draw(schedule.size(), random_());
  PairRecord pair;
  pair.old_first = measure::random_index(random_, 2) == 0;
  const auto run_old = [&] { pair.old_side = run_block(old_, schedule, steps, {.cancelled = cancelled}); };
  const auto run_new = [&] {
    pair.new_side = run_block(new_, schedule, steps, {.planted_slowdown = planted_slowdown, .cancelled = cancelled});
  };
  if (pair.old_first) {
    run_old();
    run_new();
  } else {
    run_new();
    run_old();
  }
  return pair;
}

BlockRecord PairRunner::run_block(Side& side, const std::vector<std::chrono::nanoseconds>& schedule,
                                  const std::vector<std::uint32_t>& steps, const RunOptions& options) {
  // Rendered before the block starts; unique values differ between the sides, in case they share a store.
  const auto requests = workload_.prepare(steps, side.endpoint, side.routed, random_());
  const auto started = elapsed();
  return record_block(side.generator->run(schedule, requests, options), started);
}

std::uint64_t PairRunner::reconnects() const { return old_.generator->reconnects() + new_.generator->reconnects(); }

}  // namespace sluice::load
