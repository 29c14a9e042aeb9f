#pragma once
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "harness/net/endpoint.hpp"
#include "harness/scenario/corpus.hpp"
#include "harness/scenario/player.hpp"
#include "harness/scenario/route_map.hpp"
#include "suites/isolation/leak_log.hpp"
#include "suites/isolation/overlap.hpp"
#include "suites/isolation/recordings.hpp"
#include "suites/isolation/token_registry.hpp"

namespace sluice::isolation {

/// What was done and seen on one side, in numbers.
struct Tally {
  std::uint64_t exchanges = 0;        ///< attempted, or never reached because an earlier step of the round failed
  std::uint64_t failed = 0;           ///< no whole answer, a 5xx answer, a refused upgrade, a message that did not come
  std::uint64_t trials = 0;           ///< whole answers searched while another user's secret was in the service
  std::uint64_t leaking = 0;          ///< trials in which something leaked
  std::uint64_t overlapped = 0;       ///< trials whose exchange was under way together with another user's
  std::uint64_t bytes = 0;            ///< searched
  std::uint64_t unscanned_bytes = 0;  ///< received and not understood
  std::uint64_t own_secrets = 0;      ///< sightings of a secret by its owner
  std::string first_failure;          ///< what the first failed exchange said
  std::string obstacle;               ///< why the first unscanned bytes were not

  void add(const Tally& other);
};

struct CrowdOptions {
  std::string side;
  std::string endpoint;  ///< base URL
  std::size_t users = 0;
  std::uint64_t seed = 0;
  std::chrono::nanoseconds timeout{0};  ///< for one answer or message
  scenario::RouteMap routes;
  std::size_t body_bytes = 0;  ///< the most one answer may hold
};

/// The users of one side. Each has a thread in each round, its own connections (one a session of the scenario) and its
/// own variables. The corpus, the log and the recordings must outlive it.
class Crowd {
 public:
  /// Throws InputError for a bad endpoint.
  Crowd(CrowdOptions options, const scenario::Corpus& corpus, LeakLog& leaks, Recordings& recordings);

  /// Every user starts at the same moment and plays the scenario once, with the values of this side and round in
  /// `watchlist`. Returns when all are through or the stop was noticed. `on_exchange` is called from any thread.
  void play_round(std::size_t round, const Watchlist& watchlist, std::stop_token cancelled,
                  const std::function<void()>& on_exchange);

  const std::string& side() const { return options_.side; }
  const Tally& tally() const { return tally_; }
  std::size_t most_in_flight() const { return overlap_.most(); }
  /// How many users have had a secret of theirs back.
  std::size_t users_with_own_secret() const;
  const CrowdOptions& options() const { return options_; }

 private:
  struct User {
    std::size_t number = 0;
    std::map<std::string, scenario::Player> players;  ///< by the scenario's session
    std::set<std::string> foreign_identifiers_sent;
    bool planted = false;  ///< has sent a secret
    bool own_secret_seen = false;
  };
  /// One user's part of one round.
  struct Turn {
    User& user;
    std::size_t round;
    const Watchlist& watchlist;
    std::stop_token cancelled;
    const std::function<void()>& on_exchange;
    Tally tally = {};
  };

  void add_user(std::size_t number);
  void give_values(std::size_t round, const Watchlist& watchlist);
  void play_turn(Turn& turn);
  void play_step(Turn& turn, std::size_t step);
  void note_sent(Turn& turn, const scenario::Exchange& exchange);
  void judge(Turn& turn, std::size_t step, const scenario::Exchange& exchange, bool overlapped);

  CrowdOptions options_;
  const scenario::Corpus& corpus_;
  LeakLog& leaks_;
  Recordings& recordings_;
  std::vector<std::string> routes_;  ///< of each step, for people
  std::vector<std::unique_ptr<User>> users_;
  std::atomic<std::size_t> users_planted_{0};
  Overlap overlap_;
  Tally tally_;
};

/// The user's number as it goes into {{user}}: public, the same in all rounds and on both sides.
std::string user_name(std::size_t number, std::uint64_t seed);

}  // namespace sluice::isolation
