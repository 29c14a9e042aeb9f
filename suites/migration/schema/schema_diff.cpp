#include "suites/migration/schema/schema_diff.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <utility>

#include "harness/core/ascii.hpp"
#include "harness/core/errors.hpp"
#include "harness/core/glob.hpp"
#include "harness/core/printable.hpp"
#include "suites/migration/schema/lost_promises.hpp"
#include "suites/migration/schema/sqlite_checks.hpp"
#include "suites/migration/schema/unique_texts.hpp"

namespace sluice::migration {
namespace {

bool is_word(char c) {
  return (c >= '0' && c <= '9') ||
         (ascii_lower(std::string(1, c))[0] >= 'a' && ascii_lower(std::string(1, c))[0] <= 'z') || c == '_';
}

// Replaces an identifier where it stands as a whole word.
std::string replace_word(const std::string& text, const std::string& from, const std::string& to) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const bool here = text.compare(at, from.size(), from) == 0 && (at == 0 || !is_word(text[at - 1])) &&
                      (at + from.size() == text.size() || !is_word(text[at + from.size()]));
    result += here ? to : std::string(1, text[at]);
    at += here ? from.size() : 1;
  }
  return result;
}

bool mentions(const CatalogObject& object, const std::string& column) {
  return (object.kind == "constraint" || object.kind == "index") &&
         replace_word(object.name, column, column + "!") != object.name;
}

std::pair<std::string, std::string> split_id(const std::string& id) {
  const auto blank = id.find(' ');
  return {id.substr(0, blank), blank == std::string::npos ? "" : id.substr(blank + 1)};
}

bool is_check(const std::string& note) { return note.starts_with("check "); }

std::string bare(const std::string& path) {
  const auto dot = path.rfind('.');
  return dot == std::string::npos ? path : path.substr(dot + 1);
}

/// Turns the old side's catalog into the one that the plan expects on the new side.
class ChangeApplier {
 public:
  explicit ChangeApplier(Catalog& catalog) : catalog_(catalog) {}

  void apply(const SchemaChange& change) {
    switch (change.what) {
      case SchemaChange::What::dropped:
        return drop(change);
      case SchemaChange::What::renamed:
        return rename(change);
      case SchemaChange::What::changed:
        require(change).properties[change.property] = change.to.value_or("");
        if (!change.to) require(change).properties.erase(change.property);
        require(change).notes["declared " + change.property] = "true";
        return;
      case SchemaChange::What::added:
        return;
    }
  }

 private:
  CatalogObject& require(const SchemaChange& change) {
    const auto found = catalog_.objects.find(change.object);
    if (found != catalog_.objects.end()) return found->second;
    std::vector<std::string> names;
    for (const auto& [id, object] : catalog_.objects) names.push_back(id);
    throw InputError(fmt::format("`changes`: the old side has no {}{}", printable(change.object, 200),
                                 stores::did_you_mean(change.object, names)));
  }

  void drop(const SchemaChange& change) {
    const auto [kind, glob] = split_id(change.object);
    std::set<std::string> gone;
    for (const auto& [id, object] : catalog_.objects) {
      if (object.kind == kind && glob_matches(glob, object.path())) gone.insert(id);
    }
    if (gone.empty()) require(change);
    const std::set<std::string> named = gone;
    for (const auto& name : named) {
      const CatalogObject dropped = catalog_.objects.at(name);
      for (const auto& [id, object] : catalog_.objects) {
        const bool of_table = kind == "table" && object.table == dropped.name;
        const bool of_column = kind == "column" && object.table == dropped.table && mentions(object, dropped.name);
        if (of_table || of_column) gone.insert(id);
      }
      if (kind == "column") drop_checks(dropped);
    }
    for (const auto& id : gone) catalog_.objects.erase(id);
  }

  // Of SQLite, which keeps them with the table.
  void drop_checks(const CatalogObject& column) {
    const auto table = catalog_.objects.find("table " + column.table);
    if (table == catalog_.objects.end()) return;
    std::erase_if(table->second.notes, [&](const auto& note) {
      const auto words = words_of(note.second);
      return is_check(note.first) && std::find(words.begin(), words.end(), ascii_lower(column.name)) != words.end();
    });
  }

  void rename(const SchemaChange& change) {
    const CatalogObject renamed = require(change);
    const std::string to = renamed.kind == "table" || renamed.table.empty() ? *change.to : bare(*change.to);
    Catalog result = catalog_;
    result.objects.clear();
    for (const auto& [id, object] : catalog_.objects) {
      CatalogObject copy = object;
      if (id == change.object)
        copy.name = to;
      else if (renamed.kind == "table")
        follow_table(renamed.name, to, copy);
      else if (renamed.kind == "column")
        follow_column(renamed, to, copy);
      result.add(std::move(copy));
    }
    catalog_ = std::move(result);
  }

  static void follow_table(const std::string& from, const std::string& to, CatalogObject& object) {
    if (object.table == from) object.table = to;
    const std::string arrow = ") -> " + from + " (";
    const auto at = object.name.find(arrow);
    if (object.kind == "constraint" && at != std::string::npos)
      object.name.replace(at, arrow.size(), ") -> " + to + " (");
  }

  static void follow_column(const CatalogObject& column, const std::string& to, CatalogObject& object) {
    for (auto& [name, text] : object.notes) {
      if (is_check(name) && object.id() == "table " + column.table)
        text = replace_word(text, ascii_lower(column.name), ascii_lower(to));
    }
    if (object.kind != "constraint" && object.kind != "index") return;
    const std::string arrow = ") -> " + column.table + " (";
    const auto at = object.name.find(") -> ");
    const std::string head = object.name.substr(0, at);
    const std::string tail = at == std::string::npos ? "" : object.name.substr(at);
    object.name = (object.table == column.table ? replace_word(head, column.name, to) : head) +
                  (tail.starts_with(arrow) ? arrow + replace_word(tail.substr(arrow.size()), column.name, to) : tail);
  }

  Catalog& catalog_;
};

// SQLite knows no case in names, and between engines PostgreSQL's quotes around keywords are away too.
Catalog folded(const Catalog& catalog, bool between_engines) {
  if (!between_engines && catalog.engine != stores::Engine::sqlite) return catalog;
  Catalog result = catalog;
  result.objects.clear();
  for (const auto& [id, object] : catalog.objects) {
    CatalogObject copy = object;
    copy.table = ascii_lower(copy.table);
    copy.name = ascii_lower(copy.name);
    if (between_engines) std::erase(copy.name, '"');
    result.add(std::move(copy));
  }
  return result;
}

stores::ComparisonType type_of(const CatalogObject& column) {
  const auto base = column.notes.find("base");
  return base == column.notes.end() ? stores::sqlite_type(column.property("type").value_or(""))
                                    : stores::postgres_type(base->second);
}

// What promises the same by another name: tools make a unique index where others declare a constraint. Empty for
// anything else.
std::string twin_of(const CatalogObject& object) {
  constexpr std::string_view constraint = "unique (", index = "unique btree (";
  CatalogObject twin = object;
  if (object.kind == "constraint" && object.name.starts_with(constraint)) {
    twin.kind = "index";
    twin.name.replace(0, constraint.size(), index);
  } else if (object.kind == "index" && object.name.starts_with(index)) {
    twin.kind = "constraint";
    twin.name.replace(0, index.size(), constraint);
  } else {
    return {};
  }
  return twin.id();
}

// Case counts only where PostgreSQL shows a name in quotes.
bool same_type_name(const std::string& left, const std::string& right) {
  return left.find('"') == std::string::npos && ascii_lower(left) == ascii_lower(right);
}

std::string show(const CatalogObject& object) { return "\\d+ " + (object.table.empty() ? object.name : object.table); }

SchemaProblem case_counts_now(const CatalogObject& unique) {
  return {property_rule("collation"),
          unique.id(),
          fmt::format("{} took A and a for one on the old side (COLLATE NOCASE), and for two now; make a unique index "
                      "over lower() of the column, or its type citext",
                      printable(unique.id(), 300)),
          unique.property("collation"),
          "case counts",
          show(unique)};
}

/// The columns of a table that both sides have, in one side's order. Empty where their places are not known.
std::vector<std::string> shared_columns(const std::string& table, const Catalog& catalog, const Catalog& other) {
  std::map<int, std::string> places;
  for (const auto& [id, object] : catalog.objects) {
    if (object.kind != "column" || object.table != table || !other.objects.contains(id)) continue;
    const auto place = object.notes.find("place");
    if (place != object.notes.end()) places.emplace(std::stoi(place->second), object.name);
  }
  std::vector<std::string> names;
  for (const auto& [place, name] : places) names.push_back(name);
  return names;
}

void compare_order(const CatalogObject& table, const Catalog& expected, const Catalog& actual,
                   std::vector<SchemaProblem>& problems) {
  const auto before = shared_columns(table.name, expected, actual),
             after = shared_columns(table.name, actual, expected);
  if (before == after || before.empty() || after.empty()) return;
  const std::string left = fmt::format("{}", fmt::join(before, ", ")),
                    right = fmt::format("{}", fmt::join(after, ", "));
  problems.push_back({"column-order-differs", table.id(),
                      fmt::format("the columns of {} stand as {}, not as {}: SELECT * and INSERT without names swap "
                                  "their values",
                                  printable(table.id(), 300), printable(right, 300), printable(left, 300)),
                      left, right, show(table), Severity::warning});
}

}  // namespace

SchemaComparison::SchemaComparison(Catalog expected, const std::vector<SchemaChange>& changes,
                                   SchemaExceptions exceptions, bool extras_allowed)
    : expected_(std::move(expected)), exceptions_(std::move(exceptions)), extras_allowed_(extras_allowed) {
  ChangeApplier applier(expected_);
  for (const auto& change : changes) {
    applier.apply(change);
    if (change.what == SchemaChange::What::added) additions_.push_back(change);
  }
}

bool SchemaComparison::is_compared(const CatalogObject& object, bool between_engines) const {
  if (exceptions_.leaves_out(object.kind, object.table, object.path())) return false;
  if (!between_engines) return true;
  // A rule may swallow what is written to its table, and SQLite has none.
  if (object.kind == "table" || object.kind == "column" || object.kind == "rule") return true;
  if (object.kind == "constraint")
    return object.name.starts_with("primary key") || object.name.starts_with("unique") ||
           object.name.starts_with("foreign key");
  // Expressions and conditions are written in each engine's own way.
  return object.kind == "index" && object.name.find("btree (") != std::string::npos && object.name.ends_with(')') &&
         object.name.find('(') == object.name.rfind('(') && object.name.find(" where ") == std::string::npos;
}

bool SchemaComparison::is_declared_addition(const CatalogObject& object) const {
  return std::any_of(additions_.begin(), additions_.end(), [&](const SchemaChange& change) {
    const auto [kind, glob] = split_id(change.object);
    return (object.kind == kind && glob_matches(glob, object.path())) ||
           (kind == "table" && !object.table.empty() && glob_matches(glob, object.table));
  });
}

void SchemaComparison::compare_object(const CatalogObject& expected, const CatalogObject& actual, bool between_engines,
                                      std::vector<SchemaProblem>& problems) const {
  std::set<std::string> names;
  for (const auto& [name, value] : expected.properties) names.insert(name);
  for (const auto& [name, value] : actual.properties) names.insert(name);
  for (const auto& name : names) {
    const auto left = expected.property(name), right = actual.property(name);
    if (left == right) continue;
    if (name == "owner" && !left) continue;  // what is expected may leave it open
    if (name == "type" && left && right && same_type_name(*left, *right)) continue;
    if (between_engines && expected.kind == "table" && name == "checks") continue;  // counted by lost_promises()
    const bool declared = expected.notes.contains("declared " + name);
    if (between_engines && !declared) {
      if (expected.kind == "column" && name == "type" && stores::common_type(type_of(expected), type_of(actual)))
        continue;
      const bool comparable = (expected.kind == "column" && (name == "type" || name == "nullable")) ||
                              name == "on_delete" || name == "on_update";
      if (!comparable) continue;
    }
    problems.push_back({property_rule(name), expected.id(),
                        fmt::format("{} of {} is {}, expected {}", name, printable(expected.id(), 300),
                                    printable(right.value_or("absent")), printable(left.value_or("absent"))),
                        left, right, show(actual),
                        // Another server may have other roles; who relies on them is not seen here.
                        name == "owner" ? Severity::warning : Severity::error});
  }
  const auto lost = [&](const char* note) {
    const auto before = expected.notes.find(note), after = actual.notes.find(note);
    return between_engines && before != expected.notes.end() && before->second == "true" &&
           after != actual.notes.end() && after->second == "false";
  };
  if (lost("generated") && !expected.notes.contains("declared generated_as")) {
    problems.push_back({"generation-lost", expected.id(),
                        fmt::format("{} was computed on the old side and is a plain column now; nothing fills it",
                                    printable(expected.id(), 300)),
                        "generated", "not generated", show(actual)});
  }
  if (lost("numbered")) {
    problems.push_back(
        {"numbering-lost", expected.id(),
         fmt::format("{} numbered itself on the old side and has no sequence now", printable(expected.id(), 300)),
         "numbered", "not numbered", show(actual)});
  }
}

Catalog SchemaComparison::counterparts(const Catalog& actual_catalog) const {
  const bool between_engines = expected_.engine != actual_catalog.engine;
  const Catalog expected = folded(expected_, between_engines);
  Catalog actual = folded(actual_catalog, between_engines);
  std::erase_if(actual.objects, [&](const auto& entry) {
    return !is_compared(entry.second, between_engines) || !expected.objects.contains(entry.first);
  });
  if (between_engines) {
    const Catalog all = actual;
    std::erase_if(actual.objects, [&](const auto& entry) { return all.objects.contains(twin_of(entry.second)); });
  }
  return actual;
}

std::string SchemaComparison::left_out(const Catalog& actual) const {
  if (expected_.engine == actual.engine) return {};
  std::vector<std::string> sides;
  for (const auto& [side, catalog] : {std::pair("old", &expected_), std::pair("new", &actual)}) {
    const Catalog all = folded(*catalog, true);
    std::map<std::string, std::uint64_t> kinds;
    for (const auto& [id, object] : all.objects) {
      if (is_compared(object, true) || exceptions_.leaves_out(object.kind, object.table, object.path())) continue;
      ++kinds[object.kind];
    }
    std::vector<std::string> counts;
    for (const auto& [kind, count] : kinds) counts.push_back(fmt::format("{} {}", kind, count));
    if (!counts.empty()) sides.push_back(fmt::format("on the {} side {}", side, fmt::join(counts, ", ")));
  }
  return fmt::format("{}", fmt::join(sides, "; "));
}

std::vector<SchemaProblem> SchemaComparison::compare(const Catalog& actual_catalog) const {
  const bool between_engines = expected_.engine != actual_catalog.engine;
  const Catalog expected = folded(expected_, between_engines);
  const Catalog actual = folded(actual_catalog, between_engines);
  std::vector<SchemaProblem> problems;
  const auto has = [](const Catalog& catalog, const CatalogObject& object) {
    return catalog.objects.contains(object.id());
  };
  const auto has_twin = [&](const Catalog& catalog, const CatalogObject& object) {
    return between_engines && catalog.objects.contains(twin_of(object));
  };
  const auto has_table = [](const Catalog& catalog, const CatalogObject& object) {
    return object.table.empty() || catalog.objects.contains("table " + object.table) ||
           catalog.objects.contains("view " + object.table) || catalog.objects.contains("sequence " + object.table);
  };
  const bool from_sqlite = between_engines && expected.engine == stores::Engine::sqlite;
  for (const auto& [id, object] : expected.objects) {
    if (!is_compared(object, between_engines)) continue;
    const bool there = has(actual, object) || has_twin(actual, object);
    const bool without_case = from_sqlite && ignores_case(object);
    const bool kept = without_case && is_unique_without_case(object, actual, there);
    if (without_case && there && !kept) problems.push_back(case_counts_now(object));
    if (has(actual, object)) {
      compare_object(object, actual.objects.at(id), between_engines, problems);
      if (object.kind == "table" && !between_engines) compare_order(object, expected, actual, problems);
      if (!from_sqlite) continue;
      for (auto& problem : lost_promises(object, actual.objects.at(id), actual)) problems.push_back(std::move(problem));
    } else if (has_table(actual, object) && !there && !kept) {  // else the table's own problem says it
      problems.push_back({object.kind + "-missing", id, fmt::format("{} is missing", printable(id, 300)), "present",
                          std::nullopt, show(object)});
    }
  }
  for (const auto& change : additions_) {
    const auto there = [&](const auto& entry) {
      const auto [kind, glob] = split_id(change.object);
      return entry.second.kind == kind && glob_matches(glob, entry.second.path());
    };
    if (std::any_of(actual.objects.begin(), actual.objects.end(), there)) continue;
    problems.push_back({split_id(change.object).first + "-missing", change.object,
                        fmt::format("{} is declared as added and is not there", printable(change.object, 300)),
                        "present", std::nullopt, "\\d"});
  }
  if (extras_allowed_) return problems;
  for (const auto& [id, object] : actual.objects) {
    if (has(expected, object) || has_twin(expected, object) || !is_compared(object, between_engines) ||
        is_declared_addition(object))
      continue;
    if (!has_table(expected, object)) continue;
    problems.push_back({object.kind + "-extra", id, fmt::format("{} is not expected", printable(id, 300)), std::nullopt,
                        "present", show(object)});
  }
  return problems;
}

}  // namespace sluice::migration
