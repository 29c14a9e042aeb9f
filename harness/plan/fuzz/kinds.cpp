#include "harness/plan/fuzz/kinds.hpp"

namespace sluice::plan::fuzz {
namespace {

ParameterSpec text(std::string name, bool required = false) {
  return {.name = std::move(name), .doc = "a text", .required = required};
}

ParameterSpec text_map(std::string name) {
  return {.name = std::move(name), .type = ParameterType::map, .doc = "a map", .item = {text("value")}};
}

ParameterSpec routes() {
  ParameterSpec spec = text_map("routes");
  spec.default_text = "{}";
  return spec;
}

CheckKind replay() {
  const ParameterSpec ignored{.name = "difference",
                              .type = ParameterType::record,
                              .doc = "where, and why",
                              .fields = {text("route"), text("pointer", true), text("reason", true)}};
  CheckKind kind{.name = "compat.replay", .proves = "answers are equal", .cannot_prove = "anything else"};
  kind.needs_endpoints = true;
  kind.parameters = {
      text("corpus", true),
      routes(),
      {.name = "ignore", .type = ParameterType::list, .doc = "a list", .default_text = "[]", .item = {ignored}},
      {.name = "arrays",
       .type = ParameterType::map,
       .doc = "a map of choices",
       .default_text = "{}",
       .item = {{.name = "order", .doc = "one of", .choices = {"ordered", "set", "bag"}}}},
      {.name = "numbers",
       .type = ParameterType::map,
       .doc = "a map of numbers",
       .default_text = "{}",
       .item = {{.name = "epsilon", .type = ParameterType::number, .doc = "a number", .minimum = 0}}},
      {.name = "headers",
       .type = ParameterType::list,
       .doc = "a list with a default",
       .default_text = "[Content-Type, Location]",
       .item = {text("header")}},
      {.name = "minimum_exchanges",
       .type = ParameterType::integer,
       .doc = "a whole number without an upper bound",
       .default_text = "1",
       .minimum = 1},
      {.name = "timeout",
       .type = ParameterType::duration,
       .doc = "a duration",
       .default_text = "10s",
       .minimum = 0.001}};
  return kind;
}

CheckKind rows() {
  ParameterSpec types = text_map("types");
  types.item.front().choices = {"text", "number", "instant"};
  const ParameterSpec table{
      .name = "table",
      .type = ParameterType::record,
      .doc = "a record with a shorthand",
      .fields = {text("to"),
                 {.name = "key", .type = ParameterType::list, .doc = "texts", .item = {text("column")}},
                 text_map("columns"),
                 types,
                 text("where_old")},
      .shorthand = "to"};
  CheckKind kind{.name = "migration.rows", .proves = "rows are equal", .cannot_prove = "anything else"};
  kind.needs_stores = true;
  kind.parameters = {
      {.name = "tables", .type = ParameterType::map, .doc = "tables", .required = true, .minimum = 1, .item = {table}},
      {.name = "sample",
       .type = ParameterType::integer,
       .doc = "a bounded whole number",
       .default_text = "20",
       .minimum = 1,
       .maximum = 10'000},
      {.name = "allow_empty", .type = ParameterType::boolean, .doc = "a boolean", .default_text = "false"}};
  return kind;
}

CheckKind compare() {
  ParameterSpec limit{
      .name = "limit", .type = ParameterType::record, .doc = "a record with a default", .default_text = "{p99: 1.10}"};
  for (const char* name : {"p50", "p95", "p99"}) {
    limit.fields.push_back(
        {.name = name, .type = ParameterType::number, .doc = "a ratio", .minimum = 1.01, .maximum = 100});
  }
  CheckKind kind{.name = "load.compare", .proves = "as fast as before", .cannot_prove = "anything else"};
  kind.needs_endpoints = kind.sends_load = kind.exclusive = true;
  kind.parameters = {
      text("corpus", true),
      routes(),
      {.name = "rate",
       .type = ParameterType::rate,
       .doc = "a rate",
       .required = true,
       .minimum = 1,
       .maximum = 100'000},
      {.name = "budget",
       .type = ParameterType::duration,
       .doc = "a duration",
       .default_text = "30s",
       .maximum = 86'400},
      {.name = "errors_max", .type = ParameterType::number, .doc = "a share", .default_text = "0.001", .maximum = 1},
      limit};
  return kind;
}

CheckKind canary() {
  CheckKind kind{.name = "isolation.canary", .proves = "nobody sees another", .cannot_prove = "anything else"};
  kind.needs_endpoints = kind.sends_load = true;
  kind.parameters = {text("scenario", true),
                     routes(),
                     {.name = "side", .doc = "a choice", .default_text = "both", .choices = {"old", "new", "both"}},
                     {.name = "users",
                      .type = ParameterType::integer,
                      .doc = "a bounded whole number",
                      .default_text = "20",
                      .minimum = 2,
                      .maximum = 2000}};
  return kind;
}

}  // namespace

std::vector<CheckKind> representative_kinds() { return {replay(), rows(), compare(), canary()}; }

}  // namespace sluice::plan::fuzz
