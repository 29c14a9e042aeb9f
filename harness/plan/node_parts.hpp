#pragma once
#include <functional>
#include <string>
#include <vector>

#include "harness/plan/node.hpp"

// What several checks of a plan's tree read of it. Parts of the wrong form count as absent.
namespace sluice::plan {

/// The keys of a section of the plan, in the order of the text; none when it is not there.
std::vector<std::string> keys_of(const Node& root, const char* section);

/// A list of texts, or one text, as its scalar nodes; none of nullptr.
std::vector<const Node*> scalars(const Node* node);

/// Empty for nullptr and for what is no scalar.
std::string text_of(const Node* node);

/// Every scalar below the node, itself included.
void for_each_text(const Node& node, const std::function<void(const Node&)>& visit);

/// The `kind` of the service that is called so; empty when there is none.
std::string service_kind(const Node& root, const std::string& service);

}  // namespace sluice::plan
