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
  ResultList old_list, new_list;                 ///< the first different ones
  std::size_t old_repeats = 0, new_repeats = 0;  ///< in the whole list, ids as that side wrote them
  std::string failure;                           ///< of the new side's answer; empty: none

  bool empty() const { return old_list.empty() && new_list.empty() && failure.empty(); }
  bool repeats_more() const { return new_repeats > old_repeats; }
};

/// What all answers say together.
struct Judgement {
  std::vector<std::size_t> judged;  ///< queries with a result on either side
  std::vector<double> overlaps, correlations;
  SetEstimate overlap, correlation;
  std::uint64_t failures = 0;
  std::uint64_t repeating = 0;  ///< queries for which the new side repeats results more often than the old one
  bool has_order = false;       ///< some list has two results
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
      ask_old(old_client, query, context, answer);
      try {
        take_new(result_ids(send(new_client, on_new_side(query), context), new_place_), answer);
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
    if (seen.has_order)
      add_metric("rank_correlation", seen.correlation, correlation_limit_, seen.judged.size(), outcome);
    outcome.metrics.push_back({.name = "queries_repeating_results",
                               .value = static_cast<double>(seen.repeating),
                               .unit = "queries",
                               .limit = 0,
                               .samples = seen.judged.size()});
    add_set_findings(seen, context, outcome);
    add_query_findings(seen, context, outcome);
    add_repeat_findings(seen, context, outcome);
    return outcome;
  }

  Control control(CheckContext& context) override {
    const Judgement seen = judge_answers(answers_, context.seed);
    Control control = replace_results(seen.judged, context.seed);
    const auto add = [&](const Control& more) {
      control.planted += "; " + more.planted;
      control.observed += "; " + more.observed;
      control.caught = control.caught && more.caught;
    };
    add(repeat_a_result(seen.judged, context.seed));
    if (judges_order(seen)) add(reverse_results(seen.judged, context.seed));
    return control;
  }

 private:
  Control replace_results(const std::vector<std::size_t>& judged, std::uint64_t seed) const {
    std::vector<Answer> replaced = answers_;
    // So many that the mean must fall well below its limit.
    const std::size_t lost = planted_count(judged.size(), 1 - overlap_limit_);
    for (std::size_t i = 0; i < lost; ++i) {
      for (auto& id : replaced[judged[i]].new_list) id = "planted " + id;
    }
    const bool caught = judge_answers(replaced, seed).overlap.verdict == RatioVerdict::fail;
    return {.planted = fmt::format("the results of {} of {} queries replaced", lost, judged.size()),
            .caught = caught,
            .observed = fmt::format("overlap {}", caught ? "below its limit" : "not below its limit")};
  }

  Control repeat_a_result(const std::vector<std::size_t>& judged, std::uint64_t seed) const {
    std::vector<Answer> repeated = answers_;
    Answer& answer = repeated[judged[seed % judged.size()]];
    take_new(ResultList(answer.old_repeats + 2, "planted"), answer);
    const bool caught = judge_answers(repeated, seed).repeating > 0;
    return {.planted = "one result of a query repeated",
            .caught = caught,
            .observed = fmt::format("the repetition {}", caught ? "seen" : "not seen")};
  }

  Control reverse_results(const std::vector<std::size_t>& judged, std::uint64_t seed) const {
    std::vector<Answer> reversed = answers_;
    std::vector<std::size_t> longer;
    for (const std::size_t i : judged) {
      if (answers_[i].new_list.size() > 1) longer.push_back(i);
    }
    const std::size_t turned = std::min(longer.size(), planted_count(judged.size(), (1 - correlation_limit_) / 2));
    for (std::size_t i = 0; i < turned; ++i)
      std::reverse(reversed[longer[i]].new_list.begin(), reversed[longer[i]].new_list.end());
    const bool caught = judge_answers(reversed, seed).correlation.verdict == RatioVerdict::fail;
    return {.planted = fmt::format("those of {} queries reversed", turned),
            .caught = caught,
            .observed = caught
                            ? "rank correlation below its limit"
                            : fmt::format("rank correlation not below its limit: {} of {} queries have two results to "
                                          "reverse (`rank_correlation: -1` leaves the order alone)",
                                          longer.size(), judged.size())};
  }

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

  void take_new(const ResultList& ids, Answer& answer) const {
    answer.new_repeats = repeats(ids);
    answer.new_list = top(ids, k_);
  }

  void ask_old(net::HttpClient& client, const SearchQuery& query, const CheckContext& context, Answer& answer) const {
    const net::Response response = send(client, query.request, context);
    try {
      ResultList ids = result_ids(response, old_place_);
      answer.old_repeats = repeats(ids);
      for (auto& id : ids) {
        const auto mapped = id_map_.find(id);
        if (mapped != id_map_.end()) id = mapped->second;
      }
      answer.old_list = top(ids, k_);
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
      seen.repeating += answer.repeats_more() ? 1 : 0;
      seen.has_order = seen.has_order || answer.old_list.size() > 1 || answer.new_list.size() > 1;
      seen.overlaps.push_back(failed ? 0 : overlap(answer.old_list, answer.new_list));
      seen.correlations.push_back(failed ? -1 : rank_correlation(answer.old_list, answer.new_list));
    }
    seen.overlap = judge_mean(seen.overlaps, 0, overlap_limit_, seed);
    seen.correlation = judge_mean(seen.correlations, -1, correlation_limit_, seed);
    return seen;
  }

  Outcome verdict(const Judgement& seen) const {
    const auto& [judged, overlaps, correlations, overlap, correlation, failures, repeating, has_order] = seen;
    std::string values = fmt::format("overlap@{} {:.3f} (at least {}), ", k_, overlap.mean, overlap_limit_);
    values += has_order ? fmt::format("rank correlation {:.3f} (at least {})", correlation.mean, correlation_limit_)
                        : "order not judged, as no query has two results";
    const bool ordered = judges_order(seen);
    if (judged.empty())
      return Outcome::inconclusive(fmt::format("none of {} queries has a result on either side", queries_.size()));
    if (failures > 0)
      return Outcome::failed(
          fmt::format("the new side did not answer {} of {} queries; {}", failures, queries_.size(), values));
    if (repeating > 0)
      return Outcome::failed(
          fmt::format("the new side repeats results of {} of {} queries; {}", repeating, judged.size(), values));
    if (overlap.verdict == RatioVerdict::fail || (ordered && correlation.verdict == RatioVerdict::fail))
      return Outcome::failed(fmt::format("{} queries: {}", judged.size(), values));
    const std::uint64_t needed = std::max(overlap.needed, ordered ? correlation.needed : 0);
    if (judged.size() < needed)
      return Outcome::inconclusive(
          fmt::format("{} queries have results, these limits need {}: add queries; {}", judged.size(), needed, values));
    if (overlap.verdict == RatioVerdict::pass && (!ordered || correlation.verdict == RatioVerdict::pass))
      return Outcome::passed(fmt::format("{} queries: {}", judged.size(), values));
    std::string intervals = fmt::format("90% interval {:.3f} to {:.3f}", overlap.low, overlap.high);
    if (ordered) intervals += fmt::format(" and {:.3f} to {:.3f}", correlation.low, correlation.high);
    return Outcome::inconclusive(fmt::format("{} queries leave it open: {}, {}", judged.size(), values, intervals));
  }

  // Lists of one result have no order that could be another: there all is said by the overlap.
  bool judges_order(const Judgement& seen) const { return correlation_limit_ > -1 && seen.has_order; }

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
    if (judges_order(seen))
      add("rank-correlation-below-limit", "rank correlation", seen.correlation, correlation_limit_);
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
            .reproduce = reproduced_by(context, both_lines(query))};
  }

  // A join gone wrong returns a result once for each row it met: the top lists are of different results and hide it.
  void add_repeat_findings(const Judgement& seen, const CheckContext& context, Outcome& outcome) const {
    std::vector<std::size_t> repeating;
    for (const std::size_t i : seen.judged) {
      if (answers_[i].new_repeats > 0) repeating.push_back(i);
    }
    std::stable_sort(repeating.begin(), repeating.end(), [&](std::size_t a, std::size_t b) {
      return answers_[a].repeats_more() && !answers_[b].repeats_more();
    });
    outcome.findings_total += repeating.size();
    const auto sample = static_cast<std::size_t>(parameters_.integer("sample"));
    for (std::size_t i = 0; i < std::min(sample, repeating.size()); ++i)
      outcome.findings.push_back(repeat_finding(queries_[repeating[i]], answers_[repeating[i]], context));
  }

  Finding repeat_finding(const SearchQuery& query, const Answer& answer, const CheckContext& context) const {
    const std::string name = printable(query.name, 200);
    return {
        .rule = "results-repeated",
        .severity = answer.repeats_more() ? Severity::error : Severity::warning,
        .summary = fmt::format("\"{}\": {} of the new side's results had been returned before, {} of the old side's",
                               name, answer.new_repeats, answer.old_repeats),
        .where = {{"query", name}},
        .old_value = fmt::format("{} repeated", answer.old_repeats),
        .new_value = fmt::format("{} repeated", answer.new_repeats),
        .reproduce = reproduced_by(context, both_lines(query))};
  }

  std::string both_lines(const SearchQuery& query) const {
    return fmt::format("old: {} new: {}", curl_line(old_endpoint_, query.request),
                       curl_line(new_endpoint_, on_new_side(query)));
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
       .doc = "the least mean rank correlation, -1 to 1; -1, or where no list has two results: order is not judged",
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
              "returned, in about the same order and none more often, with the confidence that so many queries give.",
          .cannot_prove =
              "That either side's results are relevant, that queries unlike these are served alike, or that a single "
              "query was not ruined while the mean holds: the worst ones are listed.",
          .parameters = search_parameters(),
          .needs_endpoints = true,
          .make = [](const Parameters& parameters) { return std::make_unique<SearchCheck>(parameters); }};
}

}  // namespace sluice::migration
