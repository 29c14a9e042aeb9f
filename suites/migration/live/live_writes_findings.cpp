#include "suites/migration/live/live_writes_findings.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <utility>

#include "harness/core/printable.hpp"
#include "harness/net/request_text.hpp"
#include "suites/migration/queries/search_queries.hpp"
#include "suites/migration/side_session.hpp"

namespace sluice::migration {

std::string WriteFindings::sent_by(const WriteRecord& write) const {
  net::Request request = (write.is_delete() ? *client_.remove : client_.write).render(write);
  if (write.side == "new") client_.routes.apply(request.method, request.target);
  return curl_line(client_.endpoints.at(write.side), request);
}

Finding WriteFindings::make(std::string rule, std::string summary, const WriteRecord& write,
                            const std::optional<WriteRecord>& after) const {
  const std::string& stored = write.is_delete() ? write.removes : write.nonce;
  Finding finding{.rule = std::move(rule), .summary = std::move(summary), .where = {{"nonce", stored}}};
  std::string shown = "found by: " + session_.command_line(finder_.statement_for(stored));
  if (write.number > 0) {
    finding.where.insert(finding.where.end(), {{"key", write.key},
                                               {"endpoint", write.side},
                                               {"time", write.at},
                                               {"status", write.status == 0 ? "none" : std::to_string(write.status)}});
    if (after && after->is_delete()) {
      finding.where.emplace_back("deleted at", after->side + ", " + after->at);
      shown = fmt::format("deleted by: {}; {}", sent_by(*after), shown);
    }
    shown = fmt::format("{} by: {}; {}", write.is_delete() ? "deleted" : "written", sent_by(write), shown);
    finding.old_value = printable(rules_.exact_value ? write.value : stored, 400);
  }
  finding.reproduce = reproduced_by(context_, shown);
  return finding;
}

Finding WriteFindings::of(const WriteProblem& problem) const {
  const auto fate = problem.write.fate == WriteFate::acknowledged ? "acknowledged" : "unacknowledged";
  const std::string& nonce = problem.write.nonce;
  std::string summary;
  switch (problem.kind) {
    case WriteProblemKind::lost:
      summary = fmt::format("the acknowledged write {} is not in the new store", nonce);
      break;
    case WriteProblemKind::duplicated:
      summary = problem.seen.size() > 1
                    ? fmt::format("the {} write {} is in the new store {} times", fate, nonce, problem.seen.size())
                    : fmt::format("beside the {} write {} the new store holds another of its key", fate, nonce);
      break;
    case WriteProblemKind::resurrected:
      summary = problem.superseded_by->is_delete()
                    ? fmt::format("the new store holds the write {}, which an acknowledged delete took away", nonce)
                    : fmt::format("the new store holds the write {}, which {} superseded", nonce,
                                  problem.superseded_by->nonce);
      break;
    case WriteProblemKind::differs:
      summary = fmt::format("the write {} has another value in the new store", nonce);
      break;
    case WriteProblemKind::unknown:
      summary = fmt::format("the new store holds {}, which the client never wrote", nonce);
      break;
  }
  Finding finding = make(rule_of(problem.kind), std::move(summary), problem.write, problem.superseded_by);
  if (!problem.seen.empty()) finding.new_value = printable(fmt::format("{}", fmt::join(problem.seen, " | ")), 400);
  return finding;
}

Finding WriteFindings::not_served(const WriteRecord& write, const net::Request& read, const std::string& answer) const {
  Finding finding =
      make("write-not-served", fmt::format("the new endpoint does not return the write {}", write.nonce), write);
  finding.new_value = answer;
  finding.reproduce = reproduced_by(context_, curl_line(net::parse_endpoint(context_.endpoint("new")), read));
  return finding;
}

Finding WriteFindings::errors(const WriteTally& seen, double allowed) const {
  const WriteRecord& first = *seen.first_failed;
  Finding finding = make(
      "errors-above-limit",
      fmt::format("{} of {} writes got no acknowledgement ({} refused, {} without a clear answer); {:.3g}% are allowed",
                  seen.failed(), seen.sent(), seen.refused, seen.unknown, 100 * allowed),
      first);
  finding.new_value = printable(first.failure, 400);
  return finding;
}

}  // namespace sluice::migration
