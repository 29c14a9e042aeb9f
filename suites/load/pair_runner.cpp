#include "suites/load/pair_runner.hpp"

#include <algorithm>

#include "harness/measure/arrival.hpp"

namespace sluice::load {
namespace {

// Of pairs in which the generator stood still, so many are set aside: two, and one more for every four that count.
constexpr std::uint64_t set_aside_always = 2;
constexpr std::uint64_t pairs_for_one_set_aside = 4;

}  // namespace

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

void PairRunner::start_counting() {
  began_ = clock_.now();
  measured_ = 0;
  set_aside_ = 0;
}

PairRecord PairRunner::measure(const std::stop_token& cancelled, double planted_slowdown) {
  while (true) {
    PairRecord pair = measure_once(cancelled, planted_slowdown);
    const bool stood_still =
        std::max(pair.old_side.stood_still, pair.new_side.stood_still) > std::chrono::nanoseconds(0);
    if (!stood_still || set_aside_ >= set_aside_always + measured_ / pairs_for_one_set_aside) {
      ++measured_;
      return pair;
    }
    ++set_aside_;
  }
}

PairRecord PairRunner::measure_once(const std::stop_token& cancelled, double planted_slowdown) {
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
  BlockRecord block = record_block(side.generator->run(schedule, requests, options), started);
  block.stood_still = side.generator->stood_still();
  return block;
}

std::uint64_t PairRunner::reconnects() const { return old_.generator->reconnects() + new_.generator->reconnects(); }

}  // namespace sluice::load
