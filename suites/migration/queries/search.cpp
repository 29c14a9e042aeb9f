#include "suites/migration/queries/search.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"
#include "harness/scenario/route_map.hpp"
#include "suites/migration/queries/search_queries.hpp"
#include "suites/migration/queries/search_similarity.hpp"
#include "suites/migration/side_session.hpp"

namespace sluice::migration {
namespace {

using measure::RatioVerdict;

/// What both sides answered to one query, ids of the old side mapped.
struct Answer {
  ResultList old_list, new_list;
  std::string failure;  ///< of the new side's answer; empty: none

  bool empty() const { return old_list.empty() && new_list.empty() && failure.empty(); }
};

/// What all answers say together.
struct Judgement {
  std::vector<std::size_t> judged;  ///< queries with a result on either side
  std::vector<double> overlaps, correlations;
  SetEstimate overlap, correlation;
  std::uint64_t failures = 0;
};

class SearchCheck final : public Check {
 public:
  explicit SearchCheck(const Parameters& parameters)
      : parameters_(parameters),
        k_(static_cast<std::size_t>(parameters.integer("k"))),
        overlap_limit_(parameters.number("overlap")),
        correlation_limit_(parameters.number("rank_correlation")),
        routes_(scenario::RouteMap::from(parameters)) {}

  void prepare(CheckContext& context) override {
    old_endpoint_ = net::parse_endpoint(context.endpoint("old"));
    new_endpoint_ = net::parse_endpoint(context.endpoint("new"));
    if (context.endpoint("old") == context.endpoint("new") && routes_.keys().empty())
      throw InputError("both sides are the same endpoint with the same routes, which would be compared with itself");
    SearchRequest request;
    if (parameters_.has("request")) {
      const Parameters written = parameters_.record("request");
      request.method = written.text("method");
      request.path = written.text("path");
      if (written.has("body")) request.body = written.text("body");
      if (written.has("headers")) request.headers = written.value("headers").get<std::map<std::string, std::string>>();
    }
    queries_ = load_queries(context.resolve(parameters_.text("queries")), parameters_.text("queries"), request);
    if (parameters_.has("id_map"))
      id_map_ = load_id_map(context.resolve(parameters_.text("id_map")), parameters_.text("id_map"));
    old_place_ = {parameters_.text("results"), parameters_.text("id")};
    new_place_ = {parameters_.text(parameters_.has("new_results") ? "new_results" : "results"),
                  parameters_.text(parameters_.has("new_id") ? "new_id" : "id")};
  }

  void exercise(CheckContext& context) override {
    net::HttpLimits limits;
    limits.request_timeout = parameters_.duration("timeout");
    net::HttpClient old_client(old_endpoint_, limits), new_client(new_endpoint_, limits);
    for (const auto& query : queries_) {
      if (context.cancelled.stop_requested()) throw Cancelled();
      Answer answer;
      answer.old_list = ask_old(old_client, query, context);
      try {
        answer.new_list = top(result_ids(send(new_client, on_new_side(query), context), new_place_), k_);
      } catch (const EnvironmentError&) {
        throw;
      } catch (const std::runtime_error& error) {
        if (context.cancelled.stop_requested()) throw Cancelled();
        answer.failure = error.what();
      }
      answers_.push_back(std::move(answer));
      context.progress({.done = static_cast<double>(answers_.size()),
                        .total = static_cast<double>(queries_.size()),
                        .unit = "queries"});
    }
  }

  Outcome judge(CheckContext& context) override {
    const Judgement seen = judge_answers(answers_, context.seed);
    Outcome outcome = verdict(seen);
    outcome.coverage = {{.unit = "queries", .examined = seen.judged.size(), .expected = queries_.size()}};
    add_metric(fmt::format("overlap_at_{}", k_), seen.overlap, overlap_limit_, seen.judged.size(), outcome);
    add_metric("rank_correlation", seen.correlation, correlation_limit_, seen.judged.size(), outcome);
    add_set_findings(seen, context, outcome);
    add_query_findings(seen, context, outcome);
    return outcome;
  }

  Control control(CheckContext& context) override {
    const auto judged = judge_answers(answers_, context.seed).judged;
    std::vector<Answer> replaced = answers_, reversed = answers_;
    // So many that the mean must fall well below its limit.
    const std::size_t lost = planted_count(judged.size(), 1 - overlap_limit_);
    for (std::size_t i = 0; i < lost; ++i) {
      for (auto& id : replaced[judged[i]].new_list) id = "planted " + id;
    }
    const bool caught_replaced = judge_answers(replaced, context.seed).overlap.verdict == RatioVerdict::fail;
    Control control{.planted = fmt::format("the results of {} of {} queries replaced", lost, judged.size()),
                    .caught = caught_replaced,
                    .observed = fmt::format("overlap {}", caught_replaced ? "below its limit" : "not below its limit")};
    if (correlation_limit_ <= -1) return control;
    std::vector<std::size_t> longer;
    for (const std::size_t i : judged) {
      if (answers_[i].new_list.size() > 1) longer.push_back(i);
    }
    const std::size_t turned = std::min(longer.size(), planted_count(judged.size(), (1 - correlation_limit_) / 2));
    for (std::size_t i = 0; i < turned; ++i)
      std::reverse(reversed[longer[i]].new_list.begin(), reversed[longer[i]].new_list.end());
    const bool caught_reversed = judge_answers(reversed, context.seed).correlation.verdict == RatioVerdict::fail;
    control.planted += fmt::format("; those of {} queries reversed", turned);
    control.observed +=
        fmt::format("; rank correlation {}", caught_reversed ? "below its limit" : "not below its limit");
    control.caught = control.caught && caught_reversed;
    return control;
  }

 private:
  static std::size_t planted_count(std::size_t queries, double allowed) {
    const double share = std::min(1.0, 4 * allowed);
    return std::clamp<std::size_t>(static_cast<std::size_t>(std::ceil(share * static_cast<double>(queries))), 1,
                                   queries);
  }

  net::Response send(net::HttpClient& client, const net::Request& request, const CheckContext& context) const {
    try {
      return client.send(request, context.cancelled);
    } catch (const net::NetworkError& error) {
      if (context.cancelled.stop_requested()) throw Cancelled();
      throw EnvironmentError(error.what());
    }
  }

  net::Request on_new_side(const SearchQuery& query) const {
    net::Request request = query.request;
    routes_.apply(request.method, request.target);
    return request;
  }

  ResultList ask_old(net::HttpClient& client, const SearchQuery& query, const CheckContext& context) const {
    const net::Response response = send(client, query.request, context);
    try {
      ResultList ids = result_ids(response, old_place_);
      for (auto& id : ids) {
        const auto mapped = id_map_.find(id);
        if (mapped != id_map_.end()) id = mapped->second;
      }
      return top(ids, k_);
    } catch (const std::runtime_error& error) {
      throw InputError(fmt::format("the old side did not answer the query \"{}\" as `results` and `id` say: {}",
                                   printable(query.name, 100), error.what()));
    }
  }

  Judgement judge_answers(const std::vector<Answer>& answers, std::uint64_t seed) const {
    Judgement seen;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const Answer& answer = answers[i];
      if (answer.empty()) continue;
      seen.judged.push_back(i);
      const bool failed = !answer.failure.empty();
      seen.failures += failed ? 1 : 0;
      seen.overlaps.push_back(failed ? 0 : overlap(answer.old_list, answer.new_list));
      seen.correlations.push_back(failed ? -1 : rank_correlation(answer.old_list, answer.new_list));
    }
    seen.overlap = judge_mean(seen.overlaps, 0, overlap_limit_, seed);
    seen.correlation = judge_mean(seen.correlations, -1, correlation_limit_, seed);
    return seen;
  }

  Outcome verdict(const Judgement& seen) const {
    const auto& [judged, overlaps, correlations, overlap, correlation, failures] = seen;
    const std::string values = fmt::format("overlap@{} {:.3f} (at least {}), rank correlation {:.3f} (at least {})", k_,
                                           overlap.mean, overlap_limit_, correlation.mean, correlation_limit_);
    if (judged.empty())
      return Outcome::inconclusive(fmt::format("none of {} queries has a result on either side", queries_.size()));
    if (failures > 0)
      return Outcome::failed(
          fmt::format("the new side did not answer {} of {} queries; {}", failures, queries_.size(), values));
    if (overlap.verdict == RatioVerdict::fail || (judges_order() && correlation.verdict == RatioVerdict::fail))
      return Outcome::failed(fmt::format("{} queries: {}", judged.size(), values));
    const std::uint64_t needed = std::max(overlap.needed, judges_order() ? correlation.needed : 0);
    if (judged.size() < needed)
      return Outcome::inconclusive(
          fmt::format("{} queries have results, these limits need {}: add queries; {}", judged.size(), needed, values));
    if (overlap.verdict == RatioVerdict::pass && (!judges_order() || correlation.verdict == RatioVerdict::pass))
      return Outcome::passed(fmt::format("{} queries: {}", judged.size(), values));
    return Outcome::inconclusive(
        fmt::format("{} queries leave it open: {}, 90% intervals {:.3f} to {:.3f} and {:.3f} to {:.3f}", judged.size(),
                    values, overlap.low, overlap.high, correlation.low, correlation.high));
  }

  bool judges_order() const { return correlation_limit_ > -1; }

  static void add_metric(std::string name, const SetEstimate& estimate, double limit, std::size_t queries,
                         Outcome& outcome) {
    outcome.metrics.push_back({.name = std::move(name),
                               .value = estimate.mean,
                               .unit = "",
                               .interval = Interval{estimate.low, estimate.high, 0.9},
                               .limit = limit,
                               .samples = queries});
  }

  void add_set_findings(const Judgement& seen, const CheckContext& context, Outcome& outcome) const {
    const auto add = [&](const char* rule, const char* what, const SetEstimate& estimate, double limit) {
      if (estimate.verdict != RatioVerdict::fail) return;
      outcome.findings.push_back(
          {.rule = rule,
           .summary = fmt::format("the mean {} of {} queries is {:.3f}, at least {} is allowed", what,
                                  seen.judged.size(), estimate.mean, limit),
           .where = {{"queries", parameters_.text("queries")}},
           .old_value = fmt::format("at least {}", limit),
           .new_value = fmt::format("{:.3f} ({:.3f} to {:.3f})", estimate.mean, estimate.low, estimate.high),
           .reproduce = context.reproduce});
      ++outcome.findings_total;
    };
    add("overlap-below-limit", "overlap", seen.overlap, overlap_limit_);
    if (judges_order()) add("rank-correlation-below-limit", "rank correlation", seen.correlation, correlation_limit_);
  }

  // The worst queries; by themselves they are warnings, as the limits are of the whole set.
  void add_query_findings(const Judgement& seen, const CheckContext& context, Outcome& outcome) const {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < seen.judged.size(); ++i) {
      if (seen.overlaps[i] < 1 || seen.correlations[i] < 1) order.push_back(i);
    }
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return seen.overlaps[a] + seen.correlations[a] < seen.overlaps[b] + seen.correlations[b];
    });
    outcome.findings_total += order.size();
    const auto sample = static_cast<std::size_t>(parameters_.integer("sample"));
    for (std::size_t i = 0; i < std::min(sample, order.size()); ++i)
      outcome.findings.push_back(query_finding(seen, order[i], context));
  }

  Finding query_finding(const Judgement& seen, std::size_t place, const CheckContext& context) const {
    const SearchQuery& query = queries_[seen.judged[place]];
    const Answer& answer = answers_[seen.judged[place]];
    const bool failed = !answer.failure.empty();
    const std::string name = printable(query.name, 200);
    const auto list = [](const ResultList& ids) { return printable(fmt::format("{}", fmt::join(ids, " ")), 400); };
    return {.rule = failed ? "search-failed" : "results-differ",
            .severity = failed ? Severity::error : Severity::warning,
            .summary = failed ? fmt::format("the new side did not answer \"{}\"", name)
                              : fmt::format("\"{}\": overlap {:.2f}, rank correlation {:.2f}", name,
                                            seen.overlaps[place], seen.correlations[place]),
            .where = {{"query", name}},
            .old_value = list(answer.old_list),
            .new_value = failed ? printable(answer.failure, 400) : list(answer.new_list),
            .reproduce = reproduced_by(context, fmt::format("old: {} new: {}", curl_line(old_endpoint_, query.request),
                                                            curl_line(new_endpoint_, on_new_side(query))))};
  }

  Parameters parameters_;
  std::size_t k_;
  double overlap_limit_, correlation_limit_;
  scenario::RouteMap routes_;
  net::Endpoint old_endpoint_, new_endpoint_;
  std::vector<SearchQuery> queries_;
  std::map<std::string, std::string> id_map_;
  ResultPlace old_place_, new_place_;
  std::vector<Answer> answers_;
};

ParameterSpec request_parameter() {
  return {.name = "request",
          .type = ParameterType::record,
          .doc = "how a query's text is sent to the old side; {query} stands for it",
          .fields = {{.name = "method", .doc = "GET, POST, …", .default_text = "GET"},
                     {.name = "path", .doc = "\"/api/search?q={query}\"", .required = true},
                     {.name = "headers",
                      .type = ParameterType::map,
                      .doc = "sent with every query",
                      .item = {{.name = "value", .type = ParameterType::text}}},
                     {.name = "body", .doc = "'{\"query\": \"{query}\"}'"}},
          .shorthand = "path"};
}

std::vector<ParameterSpec> search_parameters() {
  return {
      {.name = "queries",
       .doc = "a file of JSON lines: {\"text\": …} or {\"request\": {\"method\", \"path\", \"headers\", \"body\"}}",
       .required = true},
      request_parameter(),
      scenario::RouteMap::parameter(),
      {.name = "results", .doc = "JSON Pointer to the list of results in an answer", .default_text = "/results"},
      {.name = "id", .doc = "JSON Pointer to the id in a result; \"\": the result is the id", .default_text = "/id"},
      {.name = "new_results", .doc = "the same on the new side, where it differs"},
      {.name = "new_id", .doc = "the same on the new side, where it differs"},
      {.name = "id_map", .doc = "a JSON file, old id -> new id, where ids were given anew"},
      {.name = "k",
       .type = ParameterType::integer,
       .doc = "how many results of each query are looked at",
       .default_text = "10",
       .unit = "results",
       .minimum = 1,
       .maximum = 1'000},
      {.name = "overlap",
       .type = ParameterType::number,
       .doc = "the least mean share of results that both sides have; 1 allows no difference",
       .default_text = "0.9",
       .minimum = 0,
       .maximum = 1,
       .strictness = Strictness::higher_is_stricter},
      {.name = "rank_correlation",
       .type = ParameterType::number,
       .doc = "the least mean rank correlation, -1 to 1; -1: order is not judged",
       .default_text = "0.8",
       .minimum = -1,
       .maximum = 1,
       .strictness = Strictness::higher_is_stricter},
      {.name = "sample",
       .type = ParameterType::integer,
       .doc = "the worst queries that are kept as findings; all are counted",
       .default_text = "10",
       .minimum = 1,
       .maximum = 1'000},
      {.name = "timeout",
       .type = ParameterType::duration,
       .doc = "the longest time that one answer may take",
       .default_text = "30s",
       .minimum = 0.001}};
}

}  // namespace

CheckKind search_kind() {
  return {.name = "migration.search",
          .proves =
              "For the plan's set of queries the new side's search returns on average the results that the old side's "
              "returned, in about the same order, with the confidence that so many queries give.",
          .cannot_prove =
              "That either side's results are relevant, that queries unlike these are served alike, or that a single "
              "query was not ruined while the mean holds: the worst ones are listed.",
          .parameters = search_parameters(),
          .needs_endpoints = true,
          .make = [](const Parameters& parameters) { return std::make_unique<SearchCheck>(parameters); }};
}

}  // namespace sluice::migration
