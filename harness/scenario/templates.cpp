#include "harness/scenario/templates.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "harness/core/errors.hpp"
#include "harness/core/exact_json.hpp"
#include "harness/core/printable.hpp"

namespace sluice::scenario {
namespace {

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.' || c == ':';
  });
}

}  // namespace

std::vector<TemplatePiece> parse_template(std::string_view text) {
  std::vector<TemplatePiece> pieces;
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto open = rest.find("{{");
    if (open != 0) pieces.push_back({false, std::string(rest.substr(0, open))});
    if (open == std::string_view::npos) break;
    rest.remove_prefix(open + 2);
    const auto close = rest.find("}}");
    if (close == std::string_view::npos) {
      throw InputError(
          fmt::format("\"{}\" opens a template with {{{{ and does not close it with }}}}", printable(text, 200)));
    }
    std::string_view name = rest.substr(0, close);
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    if (!is_name(name)) {
      throw InputError(fmt::format("{{{{{}}}}} is not a template: a name has letters, digits and - _ . :",
                                   printable(rest.substr(0, close), 100)));
    }
    pieces.push_back({true, std::string(name)});
    rest.remove_prefix(close + 2);
  }
  return pieces;
}

std::vector<std::string> templates_of(const Step& step) {
  if (!step.templates) return {};
  std::vector<std::string> templates{step.path};
  for (const net::Header& header : step.headers) templates.push_back(header.value);
  if (step.body) templates.push_back(*step.body);
  templates.insert(templates.end(), step.send.begin(), step.send.end());
  return templates;
}

void check_templates(const Corpus& corpus, const std::set<std::string>& given) {
  std::map<std::string, std::set<std::string>> captured;  // by session
  for (const Step& step : corpus.steps) {
    auto& known = captured[step.session];
    // A conversation may use what its own first message brought.
    if (step.websocket) {
      for (const auto& [name, pointer] : step.capture) known.insert(name);
    }
    for (const std::string& text : templates_of(step)) {
      std::vector<TemplatePiece> pieces;
      try {
        pieces = parse_template(text);
      } catch (const InputError& error) {
        throw InputError(fmt::format("{}: {}", step.location, error.what()));
      }
      for (const TemplatePiece& piece : pieces) {
        if (!piece.is_name || piece.text == "unique" || piece.text.starts_with("unique:")) continue;
        if (given.contains(piece.text) || known.contains(piece.text)) continue;
        throw InputError(
            fmt::format("{}: {{{{{}}}}} has no value here: add \"capture\": {{\"{}\": \"/pointer\"}} to an earlier "
                        "step of session \"{}\"",
                        step.location, piece.text, piece.text, step.session));
      }
    }
    for (const auto& [name, pointer] : step.capture) known.insert(name);
  }
}

std::string json_escape(std::string_view text) {
  const std::string quoted = ExactJson::make_string(std::string(text)).dump();
  return quoted.substr(1, quoted.size() - 2);
}

}  // namespace sluice::scenario
