#include "suites/migration/copy_parameters.hpp"

namespace sluice::migration {

std::vector<ParameterSpec> copy_parameters() {
  return {{.name = "ignore",
           .type = ParameterType::list,
           .doc = "what may differ: TABLE, TABLE.COLUMN (such as a time that the database sets) or SEQUENCE",
           .item = {{.name = "name", .type = ParameterType::text}}},
          {.name = "timeout",
           .type = ParameterType::duration,
           .doc = "the longest time that one run of an action may take",
           .default_text = "10m",
           .minimum = 0.1},
          {.name = "statement_timeout",
           .type = ParameterType::duration,
           .doc = "the longest time that copying a database or reading a table may take",
           .default_text = "1h",
           .minimum = 1},
          {.name = "lock_timeout",
           .type = ParameterType::duration,
           .doc = "the longest wait for a lock that someone else holds",
           .default_text = "30s",
           .minimum = 0.001},
          {.name = "connect_timeout",
           .type = ParameterType::duration,
           .doc = "the longest time until a store answers",
           .default_text = "10s",
           .minimum = 0.001}};
}

stores::StoreOptions store_options(const Parameters& parameters, const CheckContext& context) {
  const auto milliseconds = [&](const char* name) {
    return std::chrono::ceil<std::chrono::milliseconds>(parameters.duration(name));
  };
  return {.connect_timeout = milliseconds("connect_timeout"),
          .lock_timeout = milliseconds("lock_timeout"),
          .statement_timeout = milliseconds("statement_timeout"),
          .cancelled = context.cancelled,
          .directory = context.plan_directory};
}

std::set<std::string> ignored_names(const Parameters& parameters) {
  if (!parameters.has("ignore")) return {};
  const auto names = parameters.texts("ignore");
  return {names.begin(), names.end()};
}

std::string reproduce_with(const CheckContext& context, const std::string& setting) {
  return context.reproduce + "  # with " + setting;
}

}  // namespace sluice::migration
