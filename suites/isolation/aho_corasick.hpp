#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::isolation {

/// Searches bytes for many patterns in one pass (Aho and Corasick, CACM 18(6), 1975). Immutable once built, so any
/// number of threads may search with it at once; the place in a stream is a State that the caller keeps, so a match may
/// span chunks.
class AhoCorasick {
 public:
  using State = std::uint32_t;
  static constexpr State start = 0;

  /// Patterns are told apart by their index; equal ones are all reported. Throws std::logic_error for an empty pattern.
  explicit AhoCorasick(const std::vector<std::string>& patterns);

  State next(State state, unsigned char byte) const {
    while (true) {
      const State to = child(state, byte);
      if (to != none) return to;
      if (state == start) return start;
      state = fail_[state];
    }
  }

  /// Calls `found(pattern)` for every pattern that ends where `state` was reached.
  template <class Found>
  void for_each_match(State state, Found&& found) const {
    for (State at = has_pattern_[state] ? state : output_[state]; at != none; at = output_[at]) {
      for (std::uint32_t pattern = first_pattern_[at]; pattern != none; pattern = same_[pattern]) found(pattern);
    }
  }

  std::size_t states() const { return fail_.size(); }

 private:
  static constexpr std::uint32_t none = 0xffffffff;
  struct Trie;

  void flatten(const Trie& trie);
  void link(const std::vector<State>& breadth_first);
  State child(State state, unsigned char byte) const {
    const std::uint32_t table = table_[state];
    if (table != none) return tables_[table][byte];
    for (std::uint32_t edge = edges_begin_[state]; edge != edges_begin_[state + 1]; ++edge) {
      if (edge_byte_[edge] == byte) return edge_target_[edge];
    }
    return none;
  }

  std::vector<std::uint32_t> edges_begin_;  // of each state, and one more
  std::vector<unsigned char> edge_byte_;
  std::vector<State> edge_target_;
  std::vector<std::uint32_t> table_;            // of a state with many edges, or none
  std::vector<std::array<State, 256>> tables_;  // by byte
  std::vector<State> fail_;                     // the longest proper suffix that is a state
  std::vector<State> output_;                   // the next state on the chain of suffixes that ends a pattern
  std::vector<bool> has_pattern_;
  std::vector<std::uint32_t> first_pattern_, same_;  // the patterns of a state, as a list
};

}  // namespace sluice::isolation
