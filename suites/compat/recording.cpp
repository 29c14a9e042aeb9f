#include "suites/compat/recording.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <random>
#include <utility>

#include "harness/core/errors.hpp"

namespace sluice::compat {
namespace {

using Steady = std::chrono::steady_clock;
constexpr int most_failures_in_a_row = 5;
constexpr std::size_t most_recorded_bytes = 1u << 30;
constexpr auto apart = std::chrono::milliseconds(1100);  // more than a second: clocks in answers tick by then

std::vector<SessionRecord> sessions_of(const scenario::Corpus& corpus) {
  std::vector<SessionRecord> sessions;
  std::map<std::string, std::size_t> index;
  for (const scenario::Step& step : corpus.steps) {
    const auto [at, fresh] = index.try_emplace(step.session, sessions.size());
    if (fresh) sessions.push_back({.session = step.session, .steps = {}, .first = {}, .again = {}, .candidate = {}});
    sessions[at->second].steps.push_back(&step);
  }
  return sessions;
}

bool only_reads(const SessionRecord& session) {
  return std::all_of(session.steps.begin(), session.steps.end(), [](const scenario::Step* step) {
    return !step->websocket && (step->method == "GET" || step->method == "HEAD" || step->method == "OPTIONS");
  });
}

std::size_t bytes_of(const scenario::Exchange& exchange) {
  std::size_t bytes = exchange.sent.body.size() + (exchange.response ? exchange.response->body.size() : 0);
  for (const auto& message : exchange.messages) bytes += message.payload.size();
  return bytes;
}

/// Whether a text may hold the present time: today's date, or the seconds since 1970 to within a day.
bool tells_the_time(std::string_view text, std::chrono::system_clock::time_point now) {
  const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(now)};
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  const std::string today =
      fmt::format("{:04}-{:02}-", static_cast<int>(date.year()), static_cast<unsigned>(date.month()));
  return text.find(today) != std::string_view::npos ||
         text.find(std::to_string(seconds).substr(0, 5)) != std::string_view::npos;
}

/// Plays the passes in an order that a seed decides.
class Recorder {
 public:
  Recorder(Recording& recording, const RecordingOptions& options, const scenario::RouteMap& routes,
           const CheckContext& context)
      : recording_(recording), options_(options), routes_(routes), context_(context), random_(context.seed) {
    for (const auto& session : recording_.sessions) total_ += 3 * session.steps.size();
  }

  void run() {
    for (SessionRecord& session : recording_.sessions) {
      begin(session);
      while (!waiting_.empty() && waiting_.front().not_before <= Steady::now()) finish_front();
    }
    while (!waiting_.empty()) {
      wait_until(waiting_.front().not_before);
      finish_front();
    }
  }

 private:
  enum class Turn { before, between, after };
  struct Waiting {
    SessionRecord* session;
    Turn candidate_turn;
    Pass SessionRecord::*old_pass;
    Steady::time_point not_before;
  };

  void begin(SessionRecord& session) {
    const auto turn = static_cast<Turn>(std::uniform_int_distribution<int>(0, 2)(random_));
    // The first pass may come second only where no pass changes what the other one sees.
    const bool swapped = only_reads(session) && std::bernoulli_distribution(0.5)(random_);
    Pass SessionRecord::*early = swapped ? &SessionRecord::again : &SessionRecord::first;
    Pass SessionRecord::*late = swapped ? &SessionRecord::first : &SessionRecord::again;
    if (turn == Turn::before) play(session, &SessionRecord::candidate);
    const auto started = Steady::now();
    const bool timed = play(session, early);
    if (turn == Turn::between) play(session, &SessionRecord::candidate);
    waiting_.push_back({&session, turn, late, timed ? Steady::now() + apart : started});
  }

  void finish_front() {
    const Waiting next = waiting_.front();
    waiting_.erase(waiting_.begin());
    play(*next.session, next.old_pass);
    if (next.candidate_turn == Turn::after) play(*next.session, &SessionRecord::candidate);
  }

  void wait_until(Steady::time_point when) {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_until(lock, context_.cancelled, when, [] { return false; });
    if (context_.cancelled.stop_requested()) throw Cancelled();
  }

  /// Without the old side nothing can be judged; without the new one the old side's answers still show what is missing.
  bool is_given_up(bool on_new_side) const { return given_up_[0] || (on_new_side && given_up_[1]); }
  bool play(SessionRecord& session, Pass SessionRecord::*which);
  scenario::Player make_player(bool on_new_side, std::uint64_t seed) const;
  void count_failure(bool on_new_side, const scenario::Exchange& exchange);

  Recording& recording_;
  const RecordingOptions& options_;
  const scenario::RouteMap& routes_;
  const CheckContext& context_;
  std::mt19937_64 random_;
  std::vector<Waiting> waiting_;
  std::array<int, 2> failures_in_a_row_{0, 0};  // of the old side, of the new side
  std::array<bool, 2> given_up_{false, false};
  std::size_t recorded_bytes_ = 0;
  std::size_t played_ = 0;
  std::size_t total_ = 0;
};

scenario::Player Recorder::make_player(bool on_new_side, std::uint64_t seed) const {
  scenario::PlayerOptions options;
  options.http.request_timeout = options_.timeout;
  options.http.connect_timeout = std::min<std::chrono::nanoseconds>(options_.timeout, options.http.connect_timeout);
  options.websocket.handshake_timeout = options.http.connect_timeout;
  options.message_timeout = options_.timeout;
  if (on_new_side) {
    options.route = [this](std::string& method, std::string& path) { routes_.apply(method, path); };
  }
  return {on_new_side ? options_.new_side : options_.old_side, scenario::Variables(seed), std::move(options)};
}

void Recorder::count_failure(bool on_new_side, const scenario::Exchange& exchange) {
  int& in_a_row = failures_in_a_row_[on_new_side ? 1 : 0];
  in_a_row = exchange.failure ? in_a_row + 1 : 0;
  if (in_a_row < most_failures_in_a_row) return;
  given_up_[on_new_side ? 1 : 0] = true;
  recording_.given_up = fmt::format("the {} side gave no answer {} times in a row, last: {}",
                                    on_new_side ? "new" : "old", in_a_row, exchange.error);
}

/// Whether an answer told the present time.
bool Recorder::play(SessionRecord& session, Pass SessionRecord::*which) {
  const bool on_new_side = which == &SessionRecord::candidate;
  Pass& pass = session.*which;
  pass.steps.resize(session.steps.size());
  scenario::Player player = make_player(on_new_side, random_());
  bool timed = false;
  for (std::size_t i = 0; i < session.steps.size() && !is_given_up(on_new_side); ++i) {
    if (context_.cancelled.stop_requested()) throw Cancelled();
    const scenario::Step& step = *session.steps[i];
    Played& played = pass.steps[i];
    try {
      played.exchange = player.play(step, context_.cancelled);
    } catch (const InputError& error) {
      // The corpus' templates were checked: an earlier answer lacked what this step needs.
      played.exchange.step = &step;
      played.exchange.error = error.what();
    }
    if (played.exchange.failure == net::NetworkFailure::cancelled) throw Cancelled();
    played.done = true;
    for (const auto& [name, pointer] : step.capture) {
      if (const std::string* value = player.variables().find(name)) played.captured[name] = *value;
    }
    count_failure(on_new_side, played.exchange);
    recorded_bytes_ += bytes_of(played.exchange);
    if (recorded_bytes_ > most_recorded_bytes) {
      throw InputError(fmt::format("the answers to the corpus exceed {} MiB; split it", most_recorded_bytes >> 20));
    }
    if (played.exchange.response && !timed) {
      const auto body = net::decoded_body(*played.exchange.response);
      timed = body && tells_the_time(*body, context_.clock->today());
    }
    for (const auto& message : played.exchange.messages) {
      timed = timed || tells_the_time(message.payload, context_.clock->today());
    }
    context_.progress(
        {.done = static_cast<double>(++played_), .total = static_cast<double>(total_), .unit = "exchanges"});
  }
  pass.tokens = player.variables().tokens();
  return timed;
}

}  // namespace

Recording record(const scenario::Corpus& corpus, const RecordingOptions& options, const scenario::RouteMap& routes,
                 const CheckContext& context) {
  Recording recording;
  recording.sessions = sessions_of(corpus);
  Recorder(recording, options, routes, context).run();
  return recording;
}

}  // namespace sluice::compat
