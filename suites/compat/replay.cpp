#include "suites/compat/replay.hpp"

#include <fmt/core.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"
#include "harness/scenario/templates.hpp"
#include "suites/compat/judgement.hpp"
#include "suites/compat/recording.hpp"
#include "suites/compat/tamper.hpp"

namespace sluice::compat {
namespace {

constexpr std::size_t most_findings = 20;

class ReplayCheck final : public Check {
 public:
  explicit ReplayCheck(const Parameters& parameters)
      : corpus_path_(parameters.text("corpus")),
        timeout_(parameters.duration("timeout")),
        minimum_(static_cast<std::uint64_t>(parameters.integer("minimum_exchanges"))),
        rules_(make_rules(parameters)) {}

  void prepare(CheckContext& context) override {
    options_.old_side = net::parse_endpoint(context.endpoint("old"));
    options_.new_side = net::parse_endpoint(context.endpoint("new"));
    options_.timeout = timeout_;
    rules_.old_origin = origin_of(options_.old_side);
    rules_.new_origin = origin_of(options_.new_side);
    corpus_ = scenario::load_corpus(context.resolve(corpus_path_));
    scenario::check_templates(corpus_);
  }

  void exercise(CheckContext& context) override {
    rules_.now = std::chrono::duration_cast<std::chrono::seconds>(context.clock->today().time_since_epoch()).count();
    recording_ = record(corpus_, options_, rules_.routes, context);
  }

  Outcome judge(CheckContext& context) override {
    judgement_ = judge_recording(recording_, rules_, context.seed, context.reproduce);
    Outcome outcome = verdict();
    outcome.findings_total = judgement_.findings.size();
    const auto shown = std::min(most_findings, judgement_.findings.size());
    outcome.findings.assign(judgement_.findings.begin(),
                            judgement_.findings.begin() + static_cast<std::ptrdiff_t>(shown));
    outcome.coverage = {{.unit = "exchanges", .examined = judgement_.compared, .expected = judgement_.expected},
                        {.unit = "routes",
                         .examined = judgement_.routes_compared.size(),
                         .expected = judgement_.routes_expected.size()}};
    add_metrics(outcome);
    outcome.artifacts.push_back(write_noise(context));
    return outcome;
  }

  Control control(CheckContext& context) override;

 private:
  static std::string origin_of(const net::Endpoint& endpoint) {
    const bool standard = endpoint.port == (endpoint.tls() ? 443 : 80);
    const std::string authority = endpoint.authority();
    return endpoint.scheme + "://" + (standard ? authority.substr(0, authority.rfind(':')) : authority) +
           endpoint.base_path;
  }

  Outcome verdict() const;
  void add_metrics(Outcome& outcome) const;
  Artifact write_noise(const CheckContext& context) const;

  std::string corpus_path_;
  std::chrono::nanoseconds timeout_;
  std::uint64_t minimum_;
  CompareRules rules_;
  RecordingOptions options_;
  scenario::Corpus corpus_;
  Recording recording_;
  Judgement judgement_;
};

Outcome ReplayCheck::verdict() const {
  const Judgement& seen = judgement_;
  if (corpus_.steps.empty()) {
    return Outcome::inconclusive(fmt::format("the corpus {} holds no exchange", corpus_path_));
  }
  if (seen.errors > 0) {
    return Outcome::failed(fmt::format("{} kinds of difference in {} exchanges on {} routes", seen.errors,
                                       seen.compared, seen.routes_compared.size()));
  }
  if (seen.old_failures > 0) {
    return Outcome::inconclusive(
        fmt::format("the old side did not answer {} of {} exchanges, so there is nothing to compare with; {}",
                    seen.old_failures, seen.expected, printable(seen.first_old_failure, 300)));
  }
  if (!recording_.given_up.empty() || seen.compared < seen.expected) {
    return Outcome::inconclusive(
        fmt::format("only {} of {} exchanges were compared: {}", seen.compared, seen.expected, recording_.given_up));
  }
  if (seen.compared < minimum_) {
    return Outcome::inconclusive(
        fmt::format("{} exchanges were compared, {} are required; extend the corpus", seen.compared, minimum_));
  }
  return Outcome::passed(fmt::format("{} exchanges on {} routes agree ({} values compared strictly, {} ids mapped)",
                                     seen.compared, seen.routes_compared.size(), seen.values_compared,
                                     seen.ids_mapped));
}

void ReplayCheck::add_metrics(Outcome& outcome) const {
  const auto add = [&](const char* name, std::uint64_t value, const char* unit) {
    outcome.metrics.push_back(
        {.name = name, .value = static_cast<double>(value), .unit = unit, .samples = judgement_.compared});
  };
  add("exchanges_compared", judgement_.compared, "exchanges");
  add("values_compared", judgement_.values_compared, "values");
  add("noisy_places", judgement_.noise.size(), "places");
  add("ids_mapped", judgement_.ids_mapped, "ids");
  add("differences", judgement_.errors, "kinds");
  add("warnings", judgement_.warnings, "kinds");
}

Artifact ReplayCheck::write_noise(const CheckContext& context) const {
  nlohmann::json places = nlohmann::json::array();
  for (const NoisyPlace& place : judgement_.noise.places()) {
    places.push_back(
        {{"where", printable(place.scope)}, {"place", printable(place.pattern)}, {"still_compared", place.shape}});
  }
  const auto path = context.output / (context.check + "-noise.json");
  std::ofstream file(path, std::ios::binary);
  file << places.dump(2) << '\n';
  if (!file.flush()) throw EnvironmentError(fmt::format("{} cannot be written", path.string()));
  return {.name = "places whose values the old side changes by itself", .path = path, .media_type = "application/json"};
}

Control ReplayCheck::control(CheckContext& context) {
  Control control;
  AnswerPlace at = judgement_.sample.value_or(AnswerPlace{});
  scenario::Exchange& exchange = recording_.sessions.at(at.session).candidate.steps.at(at.step).exchange;
  const scenario::Exchange untouched = exchange;
  auto what = judgement_.sample ? tamper(exchange, at.place) : std::nullopt;
  if (!what) what = tamper_status(exchange);
  control.planted = fmt::format("{} of the new side's answer to \"{}\" altered from {} to {}",
                                what->place.empty() ? "the body" : what->place, printable(exchange.step->name, 100),
                                printable(what->old_value, 100), printable(what->new_value, 100));
  const Judgement again = judge_recording(recording_, rules_, context.seed, context.reproduce);
  exchange = untouched;
  const std::string route = route_of(*exchange.step);
  for (const Finding& finding : again.findings) {
    if (finding.severity < Severity::error || finding.where.size() < 3) continue;
    if (finding.where[0].second != route || finding.where[2].second != what->place) continue;
    control.caught = true;
    control.observed = fmt::format("{}: {}", finding.rule, finding.summary);
    return control;
  }
  control.observed = fmt::format("no finding there; {} findings in all", again.errors);
  return control;
}

ParameterSpec pattern_list(std::string name, std::string doc) {
  return {.name = std::move(name),
          .type = ParameterType::list,
          .doc = std::move(doc),
          .default_text = "[]",
          .item = {{.name = "pattern", .type = ParameterType::text, .doc = "a JSON pointer with * and **"}}};
}

std::vector<ParameterSpec> parameters() {
  return {
      {.name = "corpus",
       .type = ParameterType::text,
       .doc = "the requests to replay: JSON lines or a HAR file; relative to the plan",
       .required = true},
      scenario::RouteMap::parameter(),
      {.name = "ignore",
       .type = ParameterType::list,
       .doc = "accepted differences, each with its reason; one that matches nothing any more is a warning",
       .default_text = "[]",
       .item = {{.name = "difference",
                 .type = ParameterType::record,
                 .doc = "where, and why",
                 .fields = {{.name = "route",
                             .type = ParameterType::text,
                             .doc = "glob over \"GET /api/items/{id}\" or its path"},
                            {.name = "pointer",
                             .type = ParameterType::text,
                             .doc = "JSON pointer with * and **, or header:NAME, status, body, close-code",
                             .required = true},
                            {.name = "reason",
                             .type = ParameterType::text,
                             .doc = "why this may differ",
                             .required = true}}}}},
      {.name = "arrays",
       .type = ParameterType::map,
       .doc = "pointer pattern -> whether the order (ordered) and the number of equal elements (bag) count; ordered by "
              "default",
       .default_text = "{}",
       .item = {{.name = "order",
                 .type = ParameterType::text,
                 .doc = "how the array is compared",
                 .choices = {"ordered", "set", "bag"}}}},
      {.name = "numbers",
       .type = ParameterType::map,
       .doc = "pointer pattern -> largest allowed distance between two numbers; exact by default",
       .default_text = "{}",
       .item = {{.name = "epsilon",
                 .type = ParameterType::number,
                 .doc = "largest allowed distance",
                 .minimum = 0,
                 .strictness = Strictness::lower_is_stricter}}},
      pattern_list(
          "ids",
          "places that hold ids: they may differ if each old id always becomes the same new one and no two become "
          "one; KIND=/pointer names what they identify"),
      pattern_list("instants", "places compared as points in time: Z and +00:00 are the same there"),
      {.name = "headers",
       .type = ParameterType::list,
       .doc = "headers that are compared",
       .default_text = "[Content-Type, Location, Cache-Control, Allow, WWW-Authenticate]",
       .item = {{.name = "header", .type = ParameterType::text, .doc = "name of a header"}}},
      {.name = "minimum_exchanges",
       .type = ParameterType::integer,
       .doc = "fewer compared exchanges are inconclusive",
       .default_text = "1",
       .minimum = 1,
       .strictness = Strictness::higher_is_stricter},
      {.name = "timeout",
       .type = ParameterType::duration,
       .doc = "longest wait for one answer, and for one expected WebSocket message",
       .default_text = "10s",
       .minimum = 0.001}};
}

}  // namespace

CheckKind replay_kind() {
  return {
      .name = "compat.replay",
      .proves =
          "Every recorded or written request gets the same answer from the new side as from the old one: status, "
          "headers, "
          "body, WebSocket messages; ids may differ only one to one, and only what the old side changes by itself may "
          "change, in value alone.",
      .cannot_prove =
          "Nothing about requests that the corpus does not hold, and of values that the old side changes from "
          "call to call only their presence, type and shape.",
      .parameters = parameters(),
      .needs_endpoints = true,
      .make = [](const Parameters& values) { return std::make_unique<ReplayCheck>(values); }};
}

}  // namespace sluice::compat
