#pragma once
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "harness/scenario/corpus.hpp"

namespace sluice::scenario {

/// A run of plain text, or the name between {{ and }}.
struct TemplatePiece {
  bool is_name = false;
  std::string text;
};

/// Throws InputError for an unclosed "{{" and for a name that is empty or holds anything but letters, digits and - _ .
/// :
std::vector<TemplatePiece> parse_template(std::string_view text);

/// Every template of the step: path, header values, body, messages.
std::vector<std::string> templates_of(const Step& step);

/// Checks before any traffic that every {{name}} is unique, given, or captured by an earlier step of the same session.
/// Throws InputError with the location of the first step where it is not.
void check_templates(const Corpus& corpus, const std::set<std::string>& given = {});

/// The text as it stands between the quotes of a JSON string.
std::string json_escape(std::string_view text);

}  // namespace sluice::scenario
