#include "harness/plan/node_parts.hpp"

namespace sluice::plan {

std::vector<std::string> keys_of(const Node& root, const char* section) {
  std::vector<std::string> names;
  if (const Node* found = root.find(section)) {
    for (const auto& member : found->members) names.push_back(member.key);
  }
  return names;
}

std::vector<const Node*> scalars(const Node* node) {
  std::vector<const Node*> result;
  if (node == nullptr) return result;
  if (node->kind == Node::Kind::scalar) result.push_back(node);
  for (const auto& item : node->items) {
    if (item.kind == Node::Kind::scalar) result.push_back(&item);
  }
  return result;
}

std::string text_of(const Node* node) { return node != nullptr && node->kind == Node::Kind::scalar ? node->text : ""; }

void for_each_text(const Node& node, const std::function<void(const Node&)>& visit) {
  if (node.kind == Node::Kind::scalar) visit(node);
  for (const auto& item : node.items) for_each_text(item, visit);
  for (const auto& member : node.members) for_each_text(member.value, visit);
}

std::string service_kind(const Node& root, const std::string& service) {
  const Node* services = root.find("services");
  const Node* found = services == nullptr ? nullptr : services->find(service);
  return found == nullptr ? "" : text_of(found->find("kind"));
}

}  // namespace sluice::plan
