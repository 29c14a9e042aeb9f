#pragma once
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::plan {

/// One `${name.attribute}` (or `${name}`) in a text.
struct Reference {
  std::string name;       ///< "v2", "plan", "work", "bin", "self", "env", "secret"
  std::string attribute;  ///< "url", "dir", ...; empty for `${work}`
  std::string text;       ///< as written, with `${` and `}`
};

/// All references in `text`, in order; `$$` stands for one `$`. `error` is set to a message for an unclosed `${`.
std::vector<Reference> find_references(std::string_view text, std::string& error);

/// `text` with each reference replaced by what `value` returns and `$$` by `$`.
std::string expand(std::string_view text, const std::function<std::string(const Reference&)>& value);

/// `value` with every text in it, at any depth, replaced by what `fill` makes of it; names of members stay.
nlohmann::json fill_texts(const nlohmann::json& value, const std::function<std::string(const std::string&)>& fill);

}  // namespace sluice::plan
