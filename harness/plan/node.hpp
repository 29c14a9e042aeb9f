#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/plan/source.hpp"

namespace sluice::plan {

/// A plan as written: a tree with the place of every key and value. Kept apart from the YAML library, so that only one
/// unit sees it.
struct Node {
  enum class Kind { null, scalar, list, map };
  struct Member;

  Kind kind = Kind::null;
  Position at;
  std::string text;     ///< scalar
  bool quoted = false;  ///< scalar: written in quotes, so never a number, boolean or null
  std::vector<Node> items;
  std::vector<Member> members;

  const Node* find(std::string_view key) const;
  Node* find(std::string_view key);
  /// "a list", "a map", "nothing", "'text'": for messages.
  std::string describe() const;
};

struct Node::Member {
  std::string key;
  Position at;
  Node value;
};

/// Reads YAML (of which JSON is a subset) of at most 4 MiB, 64 levels and 100,000 nodes, UTF-8 without control
/// characters. Duplicate keys, NUL bytes in keys, aliases that grow beyond the bounds and syntax errors become problems;
/// then the tree may be incomplete.
Node read_yaml(const std::string& text, const std::string& file, Problems& problems);
/// The file's text, at most one byte more than a plan may have; a file that cannot be read is a problem.
std::string read_plan_text(const std::filesystem::path& path, const std::string& shown, Problems& problems);
/// The tree of a file; a file that cannot be read is a problem too. `shown` is how messages call it.
Node read_yaml_file(const std::filesystem::path& path, const std::string& shown, Problems& problems);

/// `overlay` put over `base`: maps are merged key by key, everything else is replaced; `null` removes a key.
void merge(Node& base, const Node& overlay);

}  // namespace sluice::plan
