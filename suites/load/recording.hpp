#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "suites/load/generator.hpp"

namespace sluice::load {

/// The requests of one block of time on one side, as numbers. Milliseconds; +infinity for one that got no good answer.
struct BlockRecord {
  std::vector<double> latency_ms;                 ///< from the due time to the whole answer: what is judged
  std::vector<double> unlagged_ms;                ///< the same without the generator's own lag
  std::vector<double> lag_ms;                     ///< how late the generator itself was; finite
  std::vector<double> queued_ms;                  ///< how long it then waited for an idle connection; finite
  std::uint64_t sent = 0;                         ///< of the scheduled ones (latency_ms.size())
  std::uint64_t failed = 0;                       ///< no good answer, for any cause
  std::map<std::string, std::uint64_t> failures;  ///< by cause: "status 503", "connection closed", ...
  std::map<std::uint32_t, std::uint64_t> failed_steps;
  std::chrono::nanoseconds started{0};      ///< since the measurement began
  std::chrono::nanoseconds busy{0};         ///< from the start of the block to its last answer
  std::chrono::nanoseconds stood_still{0};  ///< the generator itself, see Generator::stood_still

  std::uint64_t scheduled() const { return latency_ms.size(); }
};

BlockRecord record_block(std::span<const Sample> samples, std::chrono::nanoseconds started);

/// One block of each side, measured one right after the other in a drawn order, under the same schedule.
struct PairRecord {
  BlockRecord old_side;
  BlockRecord new_side;
  bool old_first = true;
};

using Recording = std::vector<PairRecord>;

/// Which numbers of a block are meant.
using Series = std::vector<double> BlockRecord::*;

/// All numbers of a series of the sides named, ascending.
std::vector<double> pooled(std::span<const PairRecord> pairs, Series series, bool of_old, bool of_new);

}  // namespace sluice::load
