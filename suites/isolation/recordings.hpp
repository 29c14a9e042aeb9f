#pragma once
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <random>
#include <vector>

#include "harness/scenario/player.hpp"

namespace sluice::isolation {

/// One exchange as a user had it.
struct Recording {
  std::size_t viewer = 0;
  scenario::Exchange exchange;
};

/// A few exchanges of a run, each with the same chance to be among them (reservoir sampling, Vitter's algorithm R).
/// Thread-safe; holds a few megabytes at most.
class Recordings {
 public:
  explicit Recordings(std::uint64_t seed) : random_(seed) {}

  /// Ignores exchanges that brought neither body nor message, and large ones.
  void offer(std::size_t viewer, const scenario::Exchange& exchange);
  std::vector<Recording> all() const;

  static constexpr std::size_t most = 4;
  static constexpr std::size_t most_bytes = 256u << 10;

 private:
  mutable std::mutex mutex_;
  std::mt19937_64 random_;
  std::uint64_t offered_ = 0;
  std::vector<Recording> kept_;
};

}  // namespace sluice::isolation
