#pragma once
#include <string>
#include <string_view>

namespace sluice::migration {

/// What the text of a SQLite table says that no PRAGMA tells: checks, generated columns, collations, deferrable keys,
/// what happens at conflicts, AUTOINCREMENT, STRICT, WITHOUT ROWID, the module of a virtual table. One line, each
/// clause with its column, in an order that does not depend on that of the columns; case, blanks, comments and the
/// quotes of names are away. `sql` is as sqlite_schema keeps it; of anything else whatever can be read.
std::string sqlite_clauses(std::string_view sql);

}  // namespace sluice::migration
