#include "suites/migration/copies/copy_parameters.hpp"

#include <utility>

#include "suites/migration/side_session.hpp"

namespace sluice::migration {
namespace {

ParameterSpec side_item() { return {.name = "side", .type = ParameterType::text, .choices = {"old", "new"}}; }

}  // namespace

ParameterSpec spares_parameter(const std::string& name, const std::string& action) {
  return {.name = name,
          .type = ParameterType::list,
          .doc = "sides whose store " + action +
                 " by design neither names nor touches; every other store must be named, and that these stay as they "
                 "are is verified",
          .item = {side_item()},
          .shorthand = "side"};
}

std::vector<ParameterSpec> copy_parameters() {
  std::vector<ParameterSpec> all{
      {.name = "ignore",
       .type = ParameterType::list,
       .doc = "what may differ: TABLE, TABLE.COLUMN (such as a time that the database sets) or SEQUENCE",
       .item = {{.name = "name", .type = ParameterType::text}}},
      spares_parameter("spares", "the action"),
      {.name = "others_write",
       .type = ParameterType::list,
       .doc = "sides whose store other programs write to meanwhile; without it, that the actions on copies left the "
              "stores themselves alone is verified",
       .item = {side_item()},
       .shorthand = "side"},
      {.name = "timeout",
       .type = ParameterType::duration,
       .doc = "the longest time that one run of an action may take; a shorter `timeout` that the plan gives the action "
              "holds",
       .default_text = "10m",
       .minimum = 0.1}};
  for (auto& parameter : store_timeout_parameters(duration_parameter(
           "statement_timeout", "the longest time that copying a database or reading a table may take", "1h", 1)))
    all.push_back(std::move(parameter));
  return all;
}

stores::StoreOptions store_options(const Parameters& parameters, const CheckContext& context) {
  return session_options(context, parameters, "statement_timeout");
}

namespace {

std::set<std::string> set_of(const Parameters& parameters, const std::string& name) {
  if (!parameters.has(name)) return {};
  const auto texts = parameters.texts(name);
  return {texts.begin(), texts.end()};
}

}  // namespace

std::set<std::string> ignored_names(const Parameters& parameters) { return set_of(parameters, "ignore"); }

std::set<std::string> sides_of(const Parameters& parameters, const std::string& name) {
  return set_of(parameters, name);
}

std::string reproduce_with(const CheckContext& context, const std::string& setting) {
  return context.reproduce + "  # with " + setting;
}

}  // namespace sluice::migration
