#include "suites/isolation/aho_corasick.hpp"

#include <stdexcept>

namespace sluice::isolation {
namespace {

// From so many edges on a table of 256 is worth its kilobyte.
constexpr std::uint32_t most_listed_edges = 8;

}  // namespace

/// The patterns as a tree while it grows: each node knows its first child and its next sibling.
struct AhoCorasick::Trie {
  std::vector<std::uint32_t> first_child, next_sibling, first_pattern, same;
  std::vector<unsigned char> byte;

  Trie() { add_node(0); }

  State add_node(unsigned char with) {
    first_child.push_back(none);
    next_sibling.push_back(none);
    first_pattern.push_back(none);
    byte.push_back(with);
    return static_cast<State>(byte.size() - 1);
  }

  State child_of(State node, unsigned char with) {
    State at = first_child[node];
    while (at != none && byte[at] != with) at = next_sibling[at];
    if (at != none) return at;
    at = add_node(with);
    next_sibling[at] = first_child[node];
    first_child[node] = at;
    return at;
  }

  void add(const std::string& pattern) {
    if (pattern.empty()) throw std::logic_error("an empty pattern matches everywhere");
    State node = start;
    for (const char c : pattern) node = child_of(node, static_cast<unsigned char>(c));
    same.push_back(first_pattern[node]);
    first_pattern[node] = static_cast<std::uint32_t>(same.size() - 1);
  }
};

AhoCorasick::AhoCorasick(const std::vector<std::string>& patterns) {
  Trie trie;
  for (const std::string& pattern : patterns) trie.add(pattern);
  flatten(trie);
  std::vector<State> breadth_first{start};
  breadth_first.reserve(states());
  for (std::size_t at = 0; at < breadth_first.size(); ++at) {
    const State state = breadth_first[at];
    for (std::uint32_t edge = edges_begin_[state]; edge != edges_begin_[state + 1]; ++edge) {
      breadth_first.push_back(edge_target_[edge]);
    }
  }
  link(breadth_first);
}

void AhoCorasick::flatten(const Trie& trie) {
  const std::size_t count = trie.byte.size();
  fail_.assign(count, start);
  output_.assign(count, none);
  table_.assign(count, none);
  has_pattern_.resize(count);
  first_pattern_ = trie.first_pattern;
  same_ = trie.same;
  edges_begin_.reserve(count + 1);
  edge_byte_.reserve(count);
  edge_target_.reserve(count);
  for (State state = 0; state < count; ++state) {
    has_pattern_[state] = first_pattern_[state] != none;
    const auto begin = static_cast<std::uint32_t>(edge_byte_.size());
    edges_begin_.push_back(begin);
    for (State child = trie.first_child[state]; child != none; child = trie.next_sibling[child]) {
      edge_byte_.push_back(trie.byte[child]);
      edge_target_.push_back(child);
    }
    if (edge_byte_.size() - begin <= most_listed_edges) continue;
    table_[state] = static_cast<std::uint32_t>(tables_.size());
    tables_.emplace_back().fill(none);
    for (std::size_t edge = begin; edge < edge_byte_.size(); ++edge) {
      tables_.back()[edge_byte_[edge]] = edge_target_[edge];
    }
  }
  edges_begin_.push_back(static_cast<std::uint32_t>(edge_byte_.size()));
}

void AhoCorasick::link(const std::vector<State>& breadth_first) {
  // A state's fail link is shorter than the state, so it is already right when states come in the order of their
  // length.
  for (const State state : breadth_first) {
    for (std::uint32_t edge = edges_begin_[state]; edge != edges_begin_[state + 1]; ++edge) {
      const State to = edge_target_[edge];
      fail_[to] = state == start ? start : next(fail_[state], edge_byte_[edge]);
      output_[to] = has_pattern_[fail_[to]] ? fail_[to] : output_[fail_[to]];
    }
  }
}

}  // namespace sluice::isolation
