#pragma once
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "harness/core/check.hpp"
#include "harness/stores/sql_session.hpp"

namespace sluice::migration {

/// The longest wait of a control for a lock on a side that may be live.
inline constexpr std::chrono::milliseconds control_lock_timeout{2'000};

/// The parameters `lock_timeout` and `connect_timeout` of every kind that opens a store, after `statement`, which
/// limits one statement or the reading of one table.
std::vector<ParameterSpec> store_timeout_parameters(ParameterSpec statement);
/// Those of a kind that runs SQL of the plan's: `timeout` limits each statement.
std::vector<ParameterSpec> session_parameters(const std::string& default_timeout);
/// What they say of how a store is opened; `statement` is the name of the limit of a statement.
stores::StoreOptions session_options(const CheckContext& context, const Parameters& parameters,
                                     const char* statement = "timeout");
/// The store of a side, opened with them.
std::unique_ptr<stores::SqlSession> open_side(const CheckContext& context, const Parameters& parameters,
                                              const std::string& side);

/// A parameter that is a time, in seconds at least `least`.
ParameterSpec duration_parameter(std::string name, std::string doc, std::string default_text, double least = 0);
/// The parameter `sample`: how many problems are kept as findings.
ParameterSpec sample_parameter();
/// The parameter `side`: which store is looked at; `new` when absent.
ParameterSpec side_parameter(std::vector<std::string> choices);
/// The parameter `old` or `new`: which of the plan's stores is that side; itself when absent. `before` is the clone.
ParameterSpec store_parameter(const char* name, const char* doc);
/// A list of texts; one text is taken as a list of one.
ParameterSpec text_list_parameter(std::string name, std::string doc);

/// The check's own command line followed by one that shows the evidence.
std::string reproduced_by(const CheckContext& context, const std::string& command_line);

/// The session's transaction, rolled back at the end of the scope; a session that was lost is left alone.
class Transaction {
 public:
  static Transaction read(stores::SqlSession& session);
  static Transaction trial(stores::SqlSession& session);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();

 private:
  explicit Transaction(stores::SqlSession& session) : session_(session) {}
  stores::SqlSession& session_;
};

}  // namespace sluice::migration
