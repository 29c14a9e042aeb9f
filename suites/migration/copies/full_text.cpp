#include "suites/migration/copies/full_text.hpp"

#include <fmt/core.h>

#include <utility>
#include <vector>

#include "harness/core/ascii.hpp"
#include "harness/core/fnv1a.hpp"
#include "harness/core/printable.hpp"
#include "harness/stores/sql_session.hpp"

namespace sluice::migration {
namespace {

using stores::SqliteDatabase;
using stores::SqliteStatement;

constexpr const char* listing = "temp.sluice_terms";

// The module that lists an index's terms (sqlite.org/fts5.html, "The fts5vocab Virtual Table Module", and fts3.html,
// "Fts4aux"), and what it takes after the table's name; empty for what is no such index. `sql` made the table.
std::pair<std::string, std::string> lister_of(const std::string& sql) {
  const std::string text = ascii_lower(sql);
  const auto after = text.find("using ");
  const auto module = after == std::string::npos ? after : text.find_first_not_of(" \t\n\"'`[", after + 6);
  if (module == std::string::npos) return {};
  if (text.compare(module, 4, "fts5") == 0) return {"fts5vocab", ", instance"};
  if (text.compare(module, 4, "fts4") == 0 || text.compare(module, 4, "fts3") == 0) return {"fts4aux", ""};
  return {};
}

}  // namespace

std::set<std::string> full_text_lines(SqliteDatabase& database) {
  std::vector<std::pair<std::string, std::string>> tables;
  {
    SqliteStatement statement(database,
                              "SELECT s.name, s.sql FROM sqlite_schema AS s JOIN pragma_table_list AS l ON l.schema = "
                              "'main' AND l.name = s.name WHERE s.type = 'table' AND l.type = 'virtual'",
                              "looking for full-text indexes");
    while (statement.step()) tables.emplace_back(statement.text(0), statement.text(1));
  }
  std::set<std::string> lines;
  for (const auto& [table, sql] : tables) {
    const auto [module, detail] = lister_of(sql);
    if (module.empty()) continue;
    const std::string doing = "reading the full-text index " + printable(table, 100);
    database.execute(fmt::format("CREATE VIRTUAL TABLE {} USING {}(main, {}{})", listing, module,
                                 stores::quote_identifier(table), detail),
                     doing);
    std::uint64_t terms = 0;
    std::uint64_t digest = 0;
    {
      SqliteStatement statement(database, fmt::format("SELECT * FROM {}", listing), doing);
      while (statement.step()) {
        ++terms;
        for (int column = 0; column < sqlite3_column_count(statement.handle()); ++column) {
          digest = fnv1a(statement.text(column) + '\n', digest);
        }
      }
    }
    database.execute(fmt::format("DROP TABLE {}", listing), doing);
    lines.insert(fmt::format("full-text {} holds {} terms, digest {:016x}", table, terms, digest));
  }
  return lines;
}

}  // namespace sluice::migration
