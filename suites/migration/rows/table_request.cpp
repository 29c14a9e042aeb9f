#include "suites/migration/rows/table_request.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <optional>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"
#include "harness/stores/sql_session.hpp"

namespace sluice::migration {
namespace {

std::map<std::string, std::string> text_map(const Parameters& table, const char* name) {
  return table.has(name) ? table.value(name).get<std::map<std::string, std::string>>()
                         : std::map<std::string, std::string>{};
}

std::string text_or(const Parameters& table, const char* name, const std::string& otherwise) {
  return table.has(name) ? table.text(name) : otherwise;
}

/// Reads one entry of `tables`; what is wrong is gathered.
class RequestReader {
 public:
  RequestReader(const std::string& name, const Parameters& table, ParameterProblems& problems)
      : name_(name), table_(table), problems_(problems) {}

  TableRequest read() {
    TableRequest request{.old_table = name_,
                         .new_table = text_or(table_, "to", name_),
                         .key = table_.texts("key"),
                         .columns = text_map(table_, "columns"),
                         .ignore = table_.texts("ignore"),
                         .where_old = text_or(table_, "where_old", ""),
                         .where_new = text_or(table_, "where_new", ""),
                         .multiset = table_.has("multiset") && table_.boolean("multiset"),
                         .ids = text_map(table_, "ids")};
    if (request.multiset && !request.key.empty())
      add_problem({"multiset"}, "`multiset` counts rows and needs no `key`; remove one");
    for (const auto& [column, type] : text_map(table_, "types")) read_type(column, type, request);
    for (const auto& [column, text] : text_map(table_, "tolerance")) {
      problems_.guard(path_to({"tolerance", column}),
                      [&] { request.tolerances[column] = std::make_shared<const Tolerance>(Tolerance::parse(text)); });
    }
    problems_.guard(path_to({"zone"}), [&] {
      if (table_.has("zone")) request.zone = stores::TimeZone::load(table_.text("zone"));
    });
    for (const auto& [column, zone] : text_map(table_, "zones")) {
      problems_.guard(path_to({"zones", column}), [&] { request.zones[column] = stores::TimeZone::load(zone); });
    }
    read_expressions(request);
    return request;
  }

 private:
  std::vector<std::string> path_to(std::initializer_list<std::string> inside) const {
    std::vector<std::string> path{"tables", name_};
    path.insert(path.end(), inside);
    return path;
  }
  void add_problem(std::initializer_list<std::string> inside, std::string problem) {
    problems_.add(path_to(inside), std::move(problem));
  }

  void read_type(const std::string& column, const std::string& type_name, TableRequest& request) {
    if (const auto type = stores::parse_comparison_type(type_name)) {
      request.types[column] = *type;
    } else {
      add_problem({"types", column},
                  fmt::format("`types` gives {} the type '{}', which is none of {}", printable(column, 100),
                              printable(type_name, 100), fmt::join(stores::comparison_type_names(), ", ")));
    }
  }

  void read_expressions(TableRequest& request) {
    if (!table_.has("expressions")) return;
    for (const auto& [label, value] : table_.value("expressions").items()) {
      const Parameters expression(value);
      request.expressions[label] = {.old_sql = text_or(expression, "old", label),
                                    .new_sql = text_or(expression, "new", label),
                                    .covers = expression.texts("covers")};
    }
  }

  const std::string& name_;
  const Parameters& table_;
  ParameterProblems& problems_;
};

std::vector<TableRequest> read_requests(const Parameters& parameters, ParameterProblems& problems) {
  std::vector<TableRequest> requests;
  for (const auto& [name, value] : parameters.value("tables").items()) {
    const Parameters table(value.is_null() ? nlohmann::json::object() : value);
    requests.push_back(RequestReader(name, table, problems).read());
  }
  return requests;
}

}  // namespace

std::vector<TableRequest> table_requests(const Parameters& parameters) {
  ParameterProblems problems;
  std::vector<TableRequest> requests = read_requests(parameters, problems);
  std::vector<std::string> texts;
  for (const auto& [path, message] : problems.all())
    texts.push_back(fmt::format("table {}: {}", printable(path.at(1), 100), message));
  if (!texts.empty()) throw InputError(fmt::format("{}", fmt::join(texts, "; ")));
  return requests;
}

void examine_tables(const Parameters& parameters, ParameterProblems& problems) { read_requests(parameters, problems); }

namespace {

// One that makes one row of many, or many or none of one, would hide rows: on both sides alike, and nobody saw it.
void require_value_of_each_row(stores::SqlSession& session, const std::string& sql,
                               const stores::TableDescription& table, const std::string& doing) {
  // An aggregate has a value of no rows too; and no server allows a function that returns rows within CASE.
  const auto rows =
      session.query(fmt::format("SELECT CASE WHEN 1 = 1 THEN (\n{}\n) END FROM {} WHERE 1 = 0", sql, table.sql_name),
                    {.rows = 1}, doing);
  if (rows.total == 0) return;
  throw InputError(fmt::format(
      "{}: it is one value of all rows together, so that the rows themselves would not be compared; compute "
      "one of each row's columns, or compare sums with migration.invariant",
      doing));
}

// Whether it means anything only within the table.
bool reads_columns(stores::SqlSession& session, const std::string& sql, const std::string& doing) {
  try {
    session.query(fmt::format("SELECT (\n{}\n)", sql), {.rows = 1}, doing);
    return false;
  } catch (const InputError&) {
    session.roll_back();  // a failed statement ends a server's transaction
    session.begin_read();
    return true;
  }
}

std::string unused_name(const stores::TableDescription& table) {
  std::size_t number = 1;
  while (table.find(fmt::format("sluice_expression_{}", number)) != nullptr) ++number;
  return fmt::format("sluice_expression_{}", number);
}

}  // namespace

void add_expressions(TableRequest& request, bool old, const std::string& url, const stores::StoreOptions& options,
                     stores::TableDescription& table) {
  std::vector<std::string> computed;
  std::unique_ptr<stores::SqlSession> session;
  for (auto& [label, expression] : request.expressions) {
    const std::string& sql = old ? expression.old_sql : expression.new_sql;
    std::string& name = old ? expression.old_column : expression.new_column;
    name = sql;
    if (table.find(sql) != nullptr) continue;
    name = unused_name(table);
    if (!session) {
      session = stores::open_sql_session(url, options);
      session->begin_read();
    }
    const std::string column = fmt::format("(\n{}\n) AS {}", sql, stores::quote_identifier(name));
    const std::string doing =
        fmt::format("table {}: reading the expression {}", printable(table.name, 100), printable(label, 100));
    const auto described =
        session->query(fmt::format("SELECT {} FROM {} LIMIT 0", column, table.sql_name), {.rows = 1}, doing);
    require_value_of_each_row(*session, sql, table, doing);
    (old ? expression.reads_old : expression.reads_new) = reads_columns(*session, sql, doing);
    if (!expression.reads_old && !expression.reads_new) {
      throw InputError(
          fmt::format("{}: neither side of it reads a column, so that it compares nothing of the tables; name a column "
                      "on one side, "
                      "or list what is not to be compared in `ignore`",
                      doing));
    }
    stores::ColumnDescription description = described.columns.at(0);
    description.name = name;
    description.nullable = true;
    description.native_order = false;
    description.base_type = description.declared;
    table.columns.push_back(std::move(description));
    computed.push_back(column);
  }
  if (computed.empty()) return;
  const auto dot = table.name.rfind('.');
  table.sql_name =
      fmt::format("(SELECT *, {} FROM {}) AS {}", fmt::join(computed, ", "), table.sql_name,
                  stores::quote_identifier(dot == std::string::npos ? table.name : table.name.substr(dot + 1)));
}

}  // namespace sluice::migration
