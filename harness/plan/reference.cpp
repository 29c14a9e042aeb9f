#include "harness/plan/reference.hpp"

namespace sluice::plan {
namespace {

// Walks the text once for both uses: `literal` gets the text between, `reference` each reference.
template <typename Literal, typename OnReference>
void walk(std::string_view text, std::string& error, Literal literal, OnReference reference) {
  while (!text.empty()) {
    const auto dollar = text.find('$');
    literal(text.substr(0, dollar));
    if (dollar == std::string_view::npos) return;
    text.remove_prefix(dollar);
    if (text.starts_with("$$")) {
      literal("$");
      text.remove_prefix(2);
    } else if (text.starts_with("${")) {
      const auto end = text.find('}');
      if (end == std::string_view::npos) {
        error = "'${' is never closed";
        return;
      }
      const std::string_view inside = text.substr(2, end - 2);
      const auto dot = inside.find('.');
      Reference found;
      found.name = inside.substr(0, dot);
      if (dot != std::string_view::npos) found.attribute = inside.substr(dot + 1);
      found.text = text.substr(0, end + 1);
      reference(found);
      text.remove_prefix(end + 1);
    } else {
      literal("$");
      text.remove_prefix(1);
    }
  }
}

}  // namespace

std::vector<Reference> find_references(std::string_view text, std::string& error) {
  std::vector<Reference> references;
  walk(
      text, error, [](std::string_view) {}, [&](const Reference& found) { references.push_back(found); });
  return references;
}

std::string expand(std::string_view text, const std::function<std::string(const Reference&)>& value) {
  std::string result;
  std::string error;
  walk(
      text, error, [&](std::string_view literal) { result += literal; },
      [&](const Reference& found) { result += value(found); });
  return result;
}

nlohmann::json fill_texts(const nlohmann::json& value, const std::function<std::string(const std::string&)>& fill) {
  if (value.is_string()) return fill(value.get_ref<const std::string&>());
  if (!value.is_structured()) return value;
  nlohmann::json filled = value;
  for (auto& item : filled) item = fill_texts(item, fill);
  return filled;
}

}  // namespace sluice::plan
