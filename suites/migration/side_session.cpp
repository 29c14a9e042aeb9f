#include "suites/migration/side_session.hpp"

#include <fmt/core.h>

#include <utility>

namespace sluice::migration {

std::vector<ParameterSpec> store_timeout_parameters(ParameterSpec statement) {
  return {std::move(statement),
          duration_parameter("lock_timeout", "the longest wait for a lock that someone else holds", "30s", 0.001),
          duration_parameter("connect_timeout", "the longest time until a store answers", "10s", 0.001)};
}

std::vector<ParameterSpec> session_parameters(const std::string& default_timeout) {
  return store_timeout_parameters(
      duration_parameter("timeout", "the longest time that one statement may take", default_timeout, 0.001));
}

stores::StoreOptions session_options(const CheckContext& context, const Parameters& parameters, const char* statement) {
  const auto rounded_up = [&](const char* name) {
    return std::chrono::ceil<std::chrono::milliseconds>(parameters.duration(name));
  };
  return {.connect_timeout = rounded_up("connect_timeout"),
          .lock_timeout = rounded_up("lock_timeout"),
          .statement_timeout = rounded_up(statement),
          .cancelled = context.cancelled,
          .directory = context.plan_directory};
}

std::unique_ptr<stores::SqlSession> open_side(const CheckContext& context, const Parameters& parameters,
                                              const std::string& side) {
  return stores::open_sql_session(context.store(side), session_options(context, parameters));
}

ParameterSpec duration_parameter(std::string name, std::string doc, std::string default_text, double least) {
  return {.name = std::move(name),
          .type = ParameterType::duration,
          .doc = std::move(doc),
          .default_text = std::move(default_text),
          .minimum = least};
}

ParameterSpec sample_parameter() {
  return {.name = "sample",
          .type = ParameterType::integer,
          .doc = "problems kept as findings; all are counted",
          .default_text = "20",
          .minimum = 1,
          .maximum = 10000};
}

ParameterSpec side_parameter(std::vector<std::string> choices) {
  return {
      .name = "side", .doc = "which side's store is looked at", .default_text = "new", .choices = std::move(choices)};
}

ParameterSpec store_parameter(const char* name, const char* doc) {
  return {.name = name, .doc = doc, .default_text = name, .choices = {"old", "new", "before"}};
}

ParameterSpec text_list_parameter(std::string name, std::string doc) {
  return {.name = std::move(name),
          .type = ParameterType::list,
          .doc = std::move(doc),
          .item = {{.name = "item", .type = ParameterType::text}},
          .shorthand = "item"};
}

std::string reproduced_by(const CheckContext& context, const std::string& command_line) {
  return fmt::format("{}  # {}", context.reproduce, command_line);
}

Transaction Transaction::read(stores::SqlSession& session) {
  session.begin_read();
  return Transaction(session);
}

Transaction Transaction::trial(stores::SqlSession& session) {
  session.begin_trial(control_lock_timeout);
  return Transaction(session);
}

Transaction::~Transaction() {
  try {
    session_.roll_back();
  } catch (const std::exception&) {  // a lost connection: the server has rolled back
  }
}

}  // namespace sluice::migration
