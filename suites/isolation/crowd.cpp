#include "suites/isolation/crowd.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <exception>
#include <latch>
#include <mutex>
#include <thread>

#include "harness/core/errors.hpp"

namespace sluice::isolation {
namespace {

constexpr std::size_t most_identifiers_sent = 10'000;

/// Why this exchange is no whole answer to the step; empty when it is one.
std::string shortfall(const scenario::Step& step, const scenario::Exchange& exchange) {
  if (exchange.failure || !exchange.error.empty()) return exchange.error.empty() ? "no answer" : exchange.error;
  if (!exchange.response) return "no answer";
  const unsigned status = exchange.response->status;
  if (status >= 500) return fmt::format("the service answered {}", status);
  if (!step.websocket) return {};
  if (status != 101) return fmt::format("the WebSocket upgrade was answered with {}", status);
  const std::size_t expected = step.expect * std::max<std::size_t>(step.send.size(), 1);
  if (exchange.messages.size() < expected) {
    return fmt::format("the WebSocket ended after {} of {} messages", exchange.messages.size(), expected);
  }
  return {};
}

std::uint64_t mixed(std::uint64_t seed, std::uint64_t number) {
  // splitmix64 (Steele, Lea, Flood 2014): neighbouring numbers give unrelated seeds.
  std::uint64_t value = seed + (number + 1) * 0x9e3779b97f4a7c15u;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}

scenario::PlayerOptions player_options(const CrowdOptions& options) {
  scenario::PlayerOptions player;
  player.http.body_bytes = options.body_bytes;
  player.http.request_timeout = options.timeout;
  player.http.connect_timeout = std::min(player.http.connect_timeout, options.timeout);
  player.websocket.message_bytes = std::min(player.websocket.message_bytes, options.body_bytes);
  player.websocket.handshake_timeout = options.timeout;
  player.websocket.send_timeout = options.timeout;
  player.message_timeout = options.timeout;
  player.route = [routes = options.routes](std::string& method, std::string& path) { routes.apply(method, path); };
  return player;
}

void keep_first(std::string& kept, const std::string& other) {
  if (kept.empty()) kept = other;
}

}  // namespace

std::string user_name(std::size_t number, std::uint64_t seed) {
  return fmt::format("user{}x{:04x}", number, mixed(seed, 0) & 0xffff);
}

void Tally::add(const Tally& other) {
  exchanges += other.exchanges;
  failed += other.failed;
  trials += other.trials;
  leaking += other.leaking;
  overlapped += other.overlapped;
  bytes += other.bytes;
  unscanned_bytes += other.unscanned_bytes;
  own_secrets += other.own_secrets;
  keep_first(first_failure, other.first_failure);
  keep_first(obstacle, other.obstacle);
}

Crowd::Crowd(CrowdOptions options, const scenario::Corpus& corpus, LeakLog& leaks, Recordings& recordings)
    : options_(std::move(options)), corpus_(corpus), leaks_(leaks), recordings_(recordings) {
  for (const scenario::Step& step : corpus_.steps) {
    std::string method = step.method;
    std::string path = step.path;
    options_.routes.apply(method, path);
    routes_.push_back((step.websocket ? "WebSocket" : method) + " " + path.substr(0, path.find('?')));
  }
  for (std::size_t number = 1; number <= options_.users; ++number) add_user(number);
}

void Crowd::add_user(std::size_t number) {
  auto user = std::make_unique<User>();
  user->number = number;
  for (const scenario::Step& step : corpus_.steps) {
    if (user->players.contains(step.session)) continue;
    scenario::Variables variables(mixed(options_.seed, number * 1'000'003 + user->players.size()));
    variables.set("user", user_name(number, options_.seed));
    user->players.emplace(step.session, scenario::Player(net::parse_endpoint(options_.endpoint), std::move(variables),
                                                         player_options(options_)));
  }
  users_.push_back(std::move(user));
}

std::size_t Crowd::users_with_own_secret() const {
  return static_cast<std::size_t>(
      std::count_if(users_.begin(), users_.end(), [](const auto& user) { return user->own_secret_seen; }));
}

void Crowd::give_values(std::size_t round, const Watchlist& watchlist) {
  for (const RegisteredToken& token : watchlist.tokens) {
    if (token.round != round || token.side != options_.side) continue;
    for (auto& [session, player] : users_[token.owner - 1]->players) player.variables().set(token.name, token.text);
  }
}

void Crowd::play_round(std::size_t round, const Watchlist& watchlist, std::stop_token cancelled,
                       const std::function<void()>& on_exchange) {
  give_values(round, watchlist);
  std::vector<Turn> turns;
  turns.reserve(users_.size());
  for (const auto& user : users_) turns.push_back({*user, round, watchlist, cancelled, on_exchange});

  std::latch gate(1);
  std::atomic<bool> called_off{false};
  std::mutex failure_mutex;
  std::exception_ptr failure;
  {
    std::vector<std::jthread> threads;
    try {
      threads.reserve(turns.size());
      for (Turn& turn : turns) {
        threads.emplace_back([&] {
          gate.wait();
          if (called_off) return;
          try {
            play_turn(turn);
          } catch (...) {
            const std::scoped_lock lock(failure_mutex);
            failure = std::current_exception();
          }
        });
      }
    } catch (const std::system_error& error) {
      called_off = true;
      gate.count_down();
      throw EnvironmentError(
          fmt::format("cannot start {} users' threads ({}); lower `users` or raise the limit on processes",
                      turns.size(), error.what()));
    }
    gate.count_down();
  }
  if (failure) std::rethrow_exception(failure);
  for (const Turn& turn : turns) tally_.add(turn.tally);
}

void Crowd::play_turn(Turn& turn) {
  for (std::size_t step = 0; step < corpus_.steps.size() && !turn.cancelled.stop_requested(); ++step) {
    try {
      play_step(turn, step);
    } catch (const InputError& error) {
      // A value that an earlier answer was to bring is missing: what follows in this round cannot be played.
      const std::size_t left = corpus_.steps.size() - step;
      turn.tally.exchanges += left;
      turn.tally.failed += left;
      keep_first(turn.tally.first_failure, fmt::format("step \"{}\": {}", corpus_.steps[step].name, error.what()));
      for (std::size_t missed = 0; missed < left; ++missed) turn.on_exchange();
      return;
    }
    turn.on_exchange();
  }
}

void Crowd::play_step(Turn& turn, std::size_t step) {
  const scenario::Step& played = corpus_.steps[step];
  const Overlap::Ticket ticket = overlap_.begin();
  scenario::Exchange exchange;
  try {
    exchange = turn.user.players.at(played.session).play(played, turn.cancelled);
  } catch (...) {
    overlap_.end(ticket);
    throw;
  }
  const bool overlapped = overlap_.end(ticket);
  if (turn.cancelled.stop_requested()) return;
  note_sent(turn, exchange);
  judge(turn, step, exchange, overlapped);
}

void Crowd::note_sent(Turn& turn, const scenario::Exchange& exchange) {
  User& user = turn.user;
  bool secret_sent = false;
  examine_sent(exchange, turn.watchlist, [&](const Sighting& sighting) {
    const RegisteredToken& token = sighting.token;
    if (token.owner == user.number) {
      secret_sent = secret_sent || token.token_class == TokenClass::secret;
    } else if (token.token_class == TokenClass::identifier && sighting.hit.whole &&
               user.foreign_identifiers_sent.size() < most_identifiers_sent) {
      user.foreign_identifiers_sent.insert(token.text);
    }
  });
  if (!secret_sent || user.planted) return;
  user.planted = true;
  ++users_planted_;
}

void Crowd::judge(Turn& turn, std::size_t step, const scenario::Exchange& exchange, bool overlapped) {
  User& user = turn.user;
  const scenario::Step& played = corpus_.steps[step];
  const Receipt receipt{
      .side = options_.side, .step = played.name, .route = routes_[step], .viewer = user.number, .round = turn.round};
  bool leaked = false;
  const Examination examination = examine(exchange, turn.watchlist, options_.body_bytes, [&](const Sighting& sighting) {
    if (is_leak(sighting.token, user.number, user.foreign_identifiers_sent)) {
      leaked = true;
      leaks_.add(receipt, sighting);
    } else if (sighting.token.owner == user.number && sighting.token.token_class == TokenClass::secret) {
      ++turn.tally.own_secrets;
      user.own_secret_seen = true;
    }
  });
  Tally& tally = turn.tally;
  ++tally.exchanges;
  tally.bytes += examination.bytes;
  tally.unscanned_bytes += examination.unscanned_bytes;
  keep_first(tally.obstacle, examination.obstacle);
  if (leaked) ++tally.leaking;
  const std::string missing = shortfall(played, exchange);
  if (!missing.empty()) {
    ++tally.failed;
    keep_first(tally.first_failure, fmt::format("step \"{}\": {}", played.name, missing));
  }
  // What leaked was there to leak; else a whole answer must have come after another user's secret went in.
  const bool others_planted = users_planted_ > (user.planted ? 1u : 0u);
  if (!leaked && (!missing.empty() || !others_planted)) return;
  ++tally.trials;
  if (overlapped) ++tally.overlapped;
  if (missing.empty()) recordings_.offer(user.number, exchange);
}

}  // namespace sluice::isolation
