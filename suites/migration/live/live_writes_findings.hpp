#pragma once
#include <optional>
#include <string>

#include "harness/core/check.hpp"
#include "harness/stores/sql_session.hpp"
#include "suites/migration/live/live_writes_client.hpp"
#include "suites/migration/live/live_writes_find.hpp"
#include "suites/migration/live/live_writes_judge.hpp"
#include "suites/migration/live/live_writes_tally.hpp"

namespace sluice::migration {

/// Says what is wrong with writes, with the requests that made them and the statement that looks for them. What it is
/// made of outlives it.
class WriteFindings {
 public:
  WriteFindings(const CheckContext& context, const WriteClientOptions& client, const WriteFinder& finder,
                const WriteRules& rules, const stores::SqlSession& session)
      : context_(context), client_(client), finder_(finder), rules_(rules), session_(session) {}

  Finding of(const WriteProblem& problem) const;
  /// A write that is in the store and not in what the new endpoint answers to `read`: `answer`.
  Finding not_served(const WriteRecord& write, const net::Request& read, const std::string& answer) const;
  /// More failed than `allowed`, a share.
  Finding errors(const WriteTally& seen, double allowed) const;

 private:
  Finding make(std::string rule, std::string summary, const WriteRecord& write,
               const std::optional<WriteRecord>& after = std::nullopt) const;
  std::string sent_by(const WriteRecord& write) const;

  const CheckContext& context_;
  const WriteClientOptions& client_;
  const WriteFinder& finder_;
  const WriteRules& rules_;
  const stores::SqlSession& session_;
};

}  // namespace sluice::migration
