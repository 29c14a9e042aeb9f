#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace sluice::migration {

/// The words, names, texts and signs of SQL as SQLite reads it; case, blanks, comments and the quotes of names are
/// away. A text keeps its quotes: "'It''s'" is 'It's'. What is cut off ends there.
std::vector<std::string> sqlite_tokens(std::string_view sql);

}  // namespace sluice::migration
