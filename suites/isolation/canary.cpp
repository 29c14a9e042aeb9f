#include "suites/isolation/canary.hpp"

#include <fmt/core.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <random>
#include <set>

#include "harness/core/errors.hpp"
#include "harness/scenario/corpus.hpp"
#include "harness/scenario/templates.hpp"
#include "suites/isolation/canary_evidence.hpp"
#include "suites/isolation/crowd.hpp"
#include "suites/isolation/replant.hpp"

namespace sluice::isolation {
namespace {

// About 100 automaton states of some 40 bytes each for a token: 70 MB at the most.
constexpr std::size_t most_tokens = 16'384;
constexpr std::size_t all_bodies_bytes = 512u << 20;
constexpr std::size_t one_body_bytes_min = 1u << 20;
constexpr std::size_t one_body_bytes_max = 64u << 20;

const std::vector<std::string> secret_names{"secret", "secret1", "secret2", "secret3", "secret4"};
const std::string identifier_name = "session";

std::set<std::string> names_used(const scenario::Corpus& corpus) {
  std::set<std::string> names;
  for (const scenario::Step& step : corpus.steps) {
    for (const std::string& text : scenario::templates_of(step)) {
      for (const auto& piece : scenario::parse_template(text)) {
        if (piece.is_name) names.insert(piece.text);
      }
    }
  }
  return names;
}

/// The variables of the scenario that get a fresh token in each round.
struct TokenNames {
  std::vector<std::string> secrets;
  bool identifier = false;
  std::size_t count() const { return secrets.size() + (identifier ? 1 : 0); }
};

TokenNames token_names(const scenario::Corpus& corpus) {
  const std::set<std::string> used = names_used(corpus);
  TokenNames names;
  for (const std::string& name : secret_names) {
    if (used.contains(name)) names.secrets.push_back(name);
  }
  names.identifier = used.contains(identifier_name);
  return names;
}

void check_open_files(std::size_t connections, std::size_t users) {
  rlimit limit{};
  constexpr std::size_t others = 128;
  constexpr std::size_t files_of_connection = 4;  // the socket, and the epoll, event and timer files of its event loop
  const std::size_t needed = connections * files_of_connection + others;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return;
  if (limit.rlim_cur >= needed) return;
  throw EnvironmentError(
      fmt::format("{} users hold up to {} connections, and only {} files may be open: raise it with "
                  "`ulimit -n {}` or lower `users`",
                  users, connections, limit.rlim_cur, needed));
}

class Canary final : public Check {
 public:
  explicit Canary(Parameters parameters) : parameters_(std::move(parameters)) {}

  void prepare(CheckContext& context) override;
  void exercise(CheckContext& context) override;
  Outcome judge(CheckContext& context) override;
  Control control(CheckContext& context) override;

 private:
  std::size_t users() const { return static_cast<std::size_t>(parameters_.integer("users")); }
  std::size_t rounds() const { return static_cast<std::size_t>(parameters_.integer("rounds")); }
  std::vector<std::string> sides() const;
  CrowdOptions crowd_options(const CheckContext& context, const std::string& side) const;
  std::vector<RegisteredToken> fresh_tokens(std::size_t round);

  Parameters parameters_;
  scenario::Corpus corpus_;
  TokenNames names_;
  std::mt19937_64 random_;
  std::size_t body_bytes_ = 0;
  LeakLog leaks_;
  std::optional<Recordings> recordings_;
  TokenRegistry registry_{most_tokens};
  std::shared_ptr<const Watchlist> watchlist_;
  std::vector<std::unique_ptr<Crowd>> crowds_;
};

std::vector<std::string> Canary::sides() const {
  const std::string& side = parameters_.text("side");
  if (side == "both") return {"old", "new"};
  return {side};
}

CrowdOptions Canary::crowd_options(const CheckContext& context, const std::string& side) const {
  CrowdOptions options;
  options.side = side;
  options.endpoint = context.endpoint(side);
  options.users = users();
  options.seed = context.seed;
  options.timeout = parameters_.duration("timeout");
  options.body_bytes = body_bytes_;
  if (side == "new") options.routes = scenario::RouteMap::from(parameters_);
  return options;
}

void Canary::prepare(CheckContext& context) {
  corpus_ = scenario::load_corpus(context.resolve(parameters_.text("scenario")));
  std::set<std::string> given(secret_names.begin(), secret_names.end());
  given.insert({identifier_name, "user"});
  scenario::check_templates(corpus_, given);
  names_ = token_names(corpus_);
  if (!corpus_.steps.empty() && names_.secrets.empty()) {
    throw InputError(
        fmt::format("{}: the scenario never sends {{{{secret}}}}, so there is nothing that could leak; put "
                    "{{{{secret}}}} into the body, path or header of a step",
                    corpus_.path.string()));
  }
  std::set<std::string> sessions;
  bool websocket = false;
  for (const scenario::Step& step : corpus_.steps) {
    sessions.insert(step.session);
    websocket = websocket || step.websocket;
  }
  check_open_files(users() * (sessions.size() * sides().size() + (websocket ? 1 : 0)), users());
  random_.seed(context.seed);
  body_bytes_ = std::clamp(all_bodies_bytes / users(), one_body_bytes_min, one_body_bytes_max);
  recordings_.emplace(context.seed);
  for (const std::string& side : sides()) {
    crowds_.push_back(std::make_unique<Crowd>(crowd_options(context, side), corpus_, leaks_, *recordings_));
  }
}

std::vector<RegisteredToken> Canary::fresh_tokens(std::size_t round) {
  std::vector<RegisteredToken> tokens;
  tokens.reserve(users() * names_.count() * crowds_.size());
  for (const auto& crowd : crowds_) {
    for (std::size_t user = 1; user <= users(); ++user) {
      const auto add = [&](const std::string& name, TokenClass token_class) {
        tokens.push_back({.text = scenario::random_token(random_),
                          .name = name,
                          .token_class = token_class,
                          .owner = user,
                          .round = round,
                          .side = crowd->side()});
      };
      for (const std::string& name : names_.secrets) add(name, TokenClass::secret);
      if (names_.identifier) add(identifier_name, TokenClass::identifier);
    }
  }
  return tokens;
}

void Canary::exercise(CheckContext& context) {
  if (corpus_.steps.empty()) return;
  const double total = static_cast<double>(users() * rounds() * corpus_.steps.size() * crowds_.size());
  std::atomic<std::uint64_t> done{0};
  const std::function<void()> on_exchange = [&] {
    context.progress({.done = static_cast<double>(++done), .total = total, .unit = "exchanges"});
  };
  for (std::size_t round = 1; round <= rounds(); ++round) {
    registry_.add_round(fresh_tokens(round));
    watchlist_ = registry_.watchlist();
    // The sides take turns, so that both live through the same hours, and what crosses from one to the other is seen.
    for (const auto& crowd : crowds_) {
      if (context.cancelled.stop_requested()) throw Cancelled();
      crowd->play_round(round, *watchlist_, context.cancelled, on_exchange);
    }
    if (context.cancelled.stop_requested()) throw Cancelled();
  }
}

Outcome Canary::judge(CheckContext& context) {
  CanaryEvidence evidence;
  for (const auto& crowd : crowds_) {
    evidence.sides.push_back({.side = crowd->side(),
                              .tally = crowd->tally(),
                              .most_in_flight = crowd->most_in_flight(),
                              .users_with_own_secret = crowd->users_with_own_secret(),
                              .expected = users() * rounds() * corpus_.steps.size()});
  }
  evidence.leaks = leaks_.leaks();
  evidence.leaks_unlisted = leaks_.unlisted();
  evidence.tokens_watched = registry_.size();
  evidence.tokens_forgotten = registry_.forgotten();
  evidence.users = users();
  evidence.rounds = rounds();
  evidence.seed = context.seed;
  evidence.reproduce = context.reproduce;
  return judge_canary(evidence, {.bleed_below = parameters_.number("bleed_below"),
                                 .confidence = parameters_.number("confidence"),
                                 .failed_share_max = parameters_.number("max_failed_share")});
}

Control Canary::control(CheckContext& context) {
  if (!watchlist_) return {.planted = "nothing: no round was played", .caught = false, .observed = ""};
  return replant(recordings_->all(), *watchlist_, body_bytes_, context.seed);
}

std::vector<ParameterSpec> canary_parameters() {
  return {
      {.name = "scenario",
       .type = ParameterType::text,
       .doc = "corpus in JSON lines that every user plays; {{secret}}, {{secret1}} to {{secret4}}, {{session}} and "
              "{{user}} are given",
       .required = true},
      {.name = "side",
       .type = ParameterType::text,
       .doc = "where the users are; with both, a leak that the old side has too is told apart",
       .default_text = "both",
       .choices = {"old", "new", "both"}},
      {.name = "users",
       .type = ParameterType::integer,
       .doc = "users at once, each with connections, secrets and a session of its own",
       .default_text = "20",
       .minimum = 2,
       .maximum = 2000,
       .strictness = Strictness::higher_is_stricter},
      {.name = "rounds",
       .type = ParameterType::integer,
       .doc = "how often every user plays the scenario, each time with fresh secrets",
       .default_text = "25",
       .minimum = 1,
       .maximum = 100000,
       .strictness = Strictness::higher_is_stricter},
      scenario::RouteMap::parameter(),
      {.name = "bleed_below",
       .type = ParameterType::number,
       .doc = "the share of answers that may bleed, to be excluded at `confidence`; too few trials are inconclusive",
       .default_text = "0.01",
       .minimum = 0.000001,
       .maximum = 0.999,
       .strictness = Strictness::lower_is_stricter},
      {.name = "confidence",
       .type = ParameterType::number,
       .doc = "of the bound on the bleed rate",
       .default_text = "0.95",
       .minimum = 0.5,
       .maximum = 0.9999,
       .strictness = Strictness::higher_is_stricter},
      {.name = "timeout",
       .type = ParameterType::duration,
       .doc = "for one answer, and for each WebSocket message that the scenario expects",
       .default_text = "10s",
       .minimum = 0.001},
      {.name = "max_failed_share",
       .type = ParameterType::number,
       .doc =
           "the share of exchanges that may fail (no whole answer, 5xx, refused upgrade) before nothing is concluded",
       .default_text = "0.01",
       .minimum = 0,
       .maximum = 1,
       .strictness = Strictness::lower_is_stricter},
  };
}

}  // namespace

CheckKind canary_kind() {
  CheckKind kind;
  kind.name = "isolation.canary";
  kind.proves =
      "Users who work at the same time, each with random secrets of its own, never receive any part of another's: not "
      "in "
      "headers, bodies or WebSocket messages, plain, compressed or encoded; and how rare a leak must be to have been "
      "missed.";
  kind.cannot_prove =
      "That no leak exists: the bound holds for this scenario and schedule and assumes that trials are independent. "
      "Leaks "
      "that need a cancelled request, a restart or an attacker's requests are not provoked, and encrypted, re-worded "
      "or "
      "twice-encoded secrets are not recognised.";
  kind.parameters = canary_parameters();
  kind.sends_load = true;
  kind.needs_endpoints = false;  // one side alone may be asked for; the context names what is missing
  kind.make = [](const Parameters& parameters) { return std::make_unique<Canary>(parameters); };
  return kind;
}

}  // namespace sluice::isolation
