#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace sluice::migration {

/// The expressions of the CHECK constraints in a CREATE TABLE statement as SQLite keeps it, of columns and of the
/// table, in their order: tokens with a blank between them, names in lower case.
std::vector<std::string> check_expressions(std::string_view create_table);

/// The words of an SQL expression that are not texts, in lower case: names (also quoted ones), functions and keywords.
std::vector<std::string> words_of(std::string_view expression);

}  // namespace sluice::migration
