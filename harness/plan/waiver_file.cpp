#include "harness/plan/waiver_file.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>

namespace sluice::plan {
namespace {

Node read_waivers(const std::filesystem::path& file, Problems& problems) {
  Problems found;
  Node list = read_yaml_file(file, file.string(), found);
  if (found.empty() && list.kind != Node::Kind::list) {
    Position at = list.at;
    if (!at.file) at.file = std::make_shared<const std::string>(file.string());
    found.add(at, fmt::format("expected a list of waivers, found {}", list.describe()));
  }
  for (const auto& problem : found.all()) problems.add(problem.at, problem.message);
  return list;
}

Node& waivers_of(Node& root, const Position& at) {
  if (Node* waivers = root.find("waivers")) return *waivers;
  root.members.push_back({"waivers", at, Node{.kind = Node::Kind::list, .at = at}});
  return root.members.back().value;
}

}  // namespace

std::vector<std::filesystem::path> add_waiver_files(Node& root, const std::filesystem::path& plan, Problems& problems) {
  std::vector<std::filesystem::path> files;
  const Node* named = root.find("waiver_files");
  if (named == nullptr || named->items.size() > 20) return files;  // the declaration refuses more
  std::vector<const Node*> names;
  if (named->kind == Node::Kind::scalar) names.push_back(named);
  for (const auto& item : named->items) {
    if (item.kind == Node::Kind::scalar) names.push_back(&item);
  }
  std::vector<Node> entries;
  for (const Node* name : names) {
    files.push_back(plan.parent_path() / name->text);
    Node list = read_waivers(files.back(), problems);
    std::move(list.items.begin(), list.items.end(), std::back_inserter(entries));
  }
  if (entries.empty()) return files;
  Node& waivers = waivers_of(root, named->at);
  if (waivers.kind == Node::Kind::list) std::move(entries.begin(), entries.end(), std::back_inserter(waivers.items));
  return files;
}

}  // namespace sluice::plan
