#include "suites/migration/side_session.hpp"

#include <fmt/core.h>

#include <utility>

namespace sluice::migration {

std::vector<ParameterSpec> session_parameters(const std::string& default_timeout) {
  return {{.name = "timeout",
           .type = ParameterType::duration,
           .doc = "the longest time that one statement may take",
           .default_text = default_timeout,
           .minimum = 0.001},
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

std::unique_ptr<stores::SqlSession> open_side(const CheckContext& context, const Parameters& parameters,
                                              const std::string& side) {
  const auto milliseconds = [&](const char* name) {
    return std::chrono::ceil<std::chrono::milliseconds>(parameters.duration(name));
  };
  return stores::open_sql_session(context.store(side), {.connect_timeout = milliseconds("connect_timeout"),
                                                        .lock_timeout = milliseconds("lock_timeout"),
                                                        .statement_timeout = milliseconds("timeout"),
                                                        .cancelled = context.cancelled,
                                                        .directory = context.plan_directory});
}

ParameterSpec side_parameter(std::vector<std::string> choices) {
  return {
      .name = "side", .doc = "which side's store is looked at", .default_text = "new", .choices = std::move(choices)};
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
