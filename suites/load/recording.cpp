#include "suites/load/recording.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <limits>

#include "harness/core/milliseconds.hpp"

namespace sluice::load {
namespace {

std::string cause_of(const Sample& sample) {
  switch (sample.ending) {
    case Ending::answered:
      return fmt::format("status {}", sample.status);
    case Ending::closed:
      return "connection closed before the answer";
    case Ending::malformed:
      return "answer is not HTTP or too large";
    case Ending::timed_out:
      return sample.sent == Sample::never ? "timed out waiting for a connection" : "timed out";
  }
  return "unknown";
}

}  // namespace

BlockRecord record_block(std::span<const Sample> samples, std::chrono::nanoseconds started) {
  constexpr double failed = std::numeric_limits<double>::infinity();
  BlockRecord block;
  block.started = started;
  for (const Sample& sample : samples) {
    block.latency_ms.push_back(sample.good() ? milliseconds(sample.done - sample.due) : failed);
    block.unlagged_ms.push_back(sample.good() ? milliseconds(sample.done - sample.released) : failed);
    block.lag_ms.push_back(milliseconds(sample.released - sample.due));
    const bool was_sent = sample.sent != Sample::never;
    block.queued_ms.push_back(milliseconds((was_sent ? sample.sent : sample.done) - sample.released));
    block.sent += was_sent;
    block.busy = std::max(block.busy, sample.done);
    if (sample.good()) continue;
    ++block.failed;
    ++block.failures[cause_of(sample)];
    ++block.failed_steps[sample.step];
  }
  return block;
}

std::vector<double> pooled(std::span<const PairRecord> pairs, Series series, bool of_old, bool of_new) {
  std::vector<double> all;
  for (const PairRecord& pair : pairs) {
    const auto& from_old = pair.old_side.*series;
    const auto& from_new = pair.new_side.*series;
    if (of_old) all.insert(all.end(), from_old.begin(), from_old.end());
    if (of_new) all.insert(all.end(), from_new.begin(), from_new.end());
  }
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace sluice::load
