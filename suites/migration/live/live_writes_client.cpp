#include "suites/migration/live/live_writes_client.hpp"

#include <fmt/chrono.h>
#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "harness/core/errors.hpp"
#include "harness/core/exact_json.hpp"
#include "harness/core/printable.hpp"
#include "harness/measure/arrival.hpp"
#include "harness/net/request_text.hpp"

namespace sluice::migration {
namespace {

std::string utc(std::chrono::system_clock::time_point time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}Z", std::chrono::time_point_cast<std::chrono::microseconds>(time));
}

}  // namespace

WriteAnswer read_answer(const net::Response& response, const std::string& acknowledged_by) {
  WriteAnswer answer;
  if (response.status < 200 || response.status > 299) {
    answer.why = fmt::format("status {}: {}", response.status, printable(response.body, 200));
    // 408 is what gateways say of a request whose fate they do not know themselves.
    const bool open = response.status >= 500 || response.status == 408;
    answer.fate = open ? WriteFate::unknown : WriteFate::refused;
    return answer;
  }
  answer.fate = WriteFate::acknowledged;
  if (acknowledged_by.empty()) return answer;
  const auto body = net::decoded_body(response);
  const JsonParse parsed = body ? parse_exact_json(*body) : JsonParse{std::nullopt, "it cannot be decoded"};
  const ExactJson* const found = parsed.value ? parsed.value->at_pointer(acknowledged_by) : nullptr;
  if (found != nullptr) {
    answer.id = found->text();
    return answer;
  }
  answer.fate = WriteFate::unknown;
  answer.why = fmt::format("status {} without {}: {}", response.status, acknowledged_by, printable(response.body, 200));
  return answer;
}

WriteClient::WriteClient(WriteClientOptions options, WriteTarget target, const Clock& clock, WriteLedger& ledger,
                         std::stop_token cancelled, std::function<void(std::uint64_t)> on_write)
    : options_(std::move(options)),
      clock_(clock),
      ledger_(ledger),
      cancelled_(std::move(cancelled)),
      forward_(cancelled_, [this] { halt_.request_stop(); }),
      on_write_(std::move(on_write)),
      begun_(clock.now()),
      target_(target),
      next_turn_(begun_),
      random_(options_.seed) {
  net::HttpLimits limits;
  limits.request_timeout = options_.timeout;
  limits.connect_timeout = std::min(limits.connect_timeout, options_.timeout);
  for (std::size_t i = 0; i < options_.clients; ++i) {
    User user{.name = fmt::format("user{}", i + 1), .keys = {}, .standing = {}, .connections = {}};
    // Each key belongs to one user: what supersedes what is then known.
    for (std::size_t key = i; key < options_.keys; key += options_.clients)
      user.keys.push_back(fmt::format("{}k{}", options_.run, ++keys_made_));
    for (const auto& [side, endpoint] : options_.endpoints)
      user.connections.emplace(side, net::HttpClient(endpoint, limits));
    users_.push_back(std::move(user));
  }
  for (std::size_t i = 0; i < users_.size(); ++i) threads_.emplace_back([this, i] { work(i); });
}

WriteClient::~WriteClient() {
  halt_.request_stop();
  threads_.clear();
}

void WriteClient::finish() {
  halt_.request_stop();
  threads_.clear();
  if (broken_) std::rethrow_exception(broken_);
}

void WriteClient::send_to(WriteTarget target) {
  std::unique_lock lock(mutex_);
  if (std::exchange(target_, target) == target) return;
  moving_ = true;
  changed_.wait(lock, cancelled_, [&] { return under_way_ == 0 || broken_; });
  moving_ = false;
  changed_.notify_all();
}

void WriteClient::wait_for_acknowledgements(std::uint64_t number, std::chrono::nanoseconds timeout) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, cancelled_, timeout,
                    [&] { return acknowledged_ >= number || target_ == WriteTarget::none || broken_; });
}

void WriteClient::work(std::size_t user) {
  try {
    WriteRecord write;
    while (next(user, write)) {
      send(users_[user], write);
      note(user, write);
    }
  } catch (...) {
    const std::scoped_lock lock(mutex_);
    broken_ = std::current_exception();
    changed_.notify_all();
  }
}

// Waits for the turn of the next write and takes it; false when it is over.
bool WriteClient::next(std::size_t user, WriteRecord& write) {
  const std::stop_token stop = halt_.get_token();
  std::unique_lock lock(mutex_);
  if (numbered_ >= options_.most) return false;
  const std::uint64_t number = ++numbered_;
  const auto now = clock_.now();
  const auto turn = std::max(next_turn_, now);  // time in which writing rested is not made up for
  next_turn_ =
      turn + std::chrono::ceil<std::chrono::nanoseconds>(std::chrono::duration<double>(1 / options_.rate_per_second));
  changed_.wait_for(lock, stop, turn - now, [&] { return broken_ != nullptr; });
  changed_.wait(lock, stop, [&] { return (target_ != WriteTarget::none && !moving_) || broken_; });
  if (stop.stop_requested() || broken_) return false;
  write = WriteRecord{.number = number, .nonce = {}, .key = {}, .user = {}, .side = {}, .value = {}};
  write.nonce = fmt::format("{}n{:07}", options_.run, number);
  write.value = value_of(write.nonce, number);
  choose(users_[user], write);
  ++under_way_;
  return true;
}

void WriteClient::choose(User& user, WriteRecord& write) {
  write.user = user.name;
  if (choose_delete(user, write)) return;
  std::size_t turn = static_cast<std::size_t>(write.number);
  write.key = fmt::format("{}w{}", options_.run, write.number);
  if (!user.keys.empty()) {
    turn = random_() % user.keys.size();
    write.key = user.keys[turn];
  }
  write.side = side_of(static_cast<std::ptrdiff_t>(turn));
}

std::string WriteClient::side_of(std::ptrdiff_t turn) const {
  if (target_ != WriteTarget::both) return to_string(target_);
  return turn % 2 == 0 ? "old" : "new";
}

// Makes it a delete of something that stands, where it is time for one and there is something.
bool WriteClient::choose_delete(User& user, WriteRecord& write) {
  if (!options_.remove || measure::unit_random(random_) > options_.delete_share || user.standing.empty()) return false;
  auto chosen = std::next(user.standing.begin(), static_cast<std::ptrdiff_t>(random_() % user.standing.size()));
  // What was there before the migration, and what it may not have seen yet.
  if (random_() % 2 == 0)
    chosen = std::min_element(user.standing.begin(), user.standing.end(),
                              [](const auto& a, const auto& b) { return a.second.number < b.second.number; });
  for (std::size_t asked = 0; asked < user.standing.size(); ++asked) {
    const WriteRecord& standing = chosen->second;
    const auto slot = std::find(user.keys.begin(), user.keys.end(), standing.key);
    const std::string side = slot != user.keys.end()        ? side_of(slot - user.keys.begin())
                             : target_ == WriteTarget::both ? standing.side
                                                            : to_string(target_);
    if (may_delete(standing, side)) {
      write.key = standing.key;
      write.removes = standing.nonce;
      write.value = standing.value;
      write.id = standing.id;
      write.side = side;
      return true;
    }
    if (++chosen == user.standing.end()) chosen = user.standing.begin();
  }
  return false;
}

// The side that stored it knows it, under the name that it gave it; the new side does, too, once nobody writes to the
// old one any more.
bool WriteClient::may_delete(const WriteRecord& standing, const std::string& side) const {
  return standing.side == side || (target_ == WriteTarget::new_side && !options_.remove->carries("id"));
}

void WriteClient::send(User& user, WriteRecord& write) {
  net::Request request = (write.is_delete() ? *options_.remove : options_.write).render(write);
  if (write.side == "new") options_.routes.apply(request.method, request.target);
  write.at = utc(clock_.today());
  write.sent = clock_.now() - begun_;
  ledger_.sent(write);
  net::HttpClient& connection = user.connections.at(write.side);
  // On a connection that was used before, what may be repeated is repeated when it breaks. A write is sent once.
  if (net::is_idempotent(request.method)) connection.close();
  try {
    const net::Response response = connection.send(request, cancelled_);
    write.status = response.status;
    WriteAnswer answer = read_answer(response, write.is_delete() ? "" : options_.acknowledged_by);
    write.fate = answer.fate;
    write.failure = std::move(answer.why);
    if (!write.is_delete()) write.id = std::move(answer.id);
  } catch (const net::NetworkError& error) {
    write.fate = error.failure() == net::NetworkFailure::connect ? WriteFate::refused : WriteFate::unknown;
    write.failure = error.what();
  }
  write.answered = clock_.now() - begun_;
  ledger_.answered(write);
}

void WriteClient::note(std::size_t user, const WriteRecord& write) {
  const std::scoped_lock lock(mutex_);
  --under_way_;
  if (write.fate == WriteFate::acknowledged) ++acknowledged_;
  note_standing(users_[user], write);
  on_write_(write.number);
  changed_.notify_all();
}

void WriteClient::note_standing(User& user, const WriteRecord& write) {
  const bool stored = write.fate == WriteFate::acknowledged && !write.is_delete();
  if (stored && options_.remove) {
    constexpr std::size_t most_standing = 500;
    user.standing.insert_or_assign(write.key, write);
    if (user.standing.size() > most_standing)
      user.standing.erase(std::next(user.standing.begin(), static_cast<std::ptrdiff_t>(random_() % most_standing)));
  }
  // What a delete was refused for is not asked again.
  if (write.fate == WriteFate::unknown || write.is_delete()) user.standing.erase(write.key);
  // A key that stays deleted shows what comes back; one that is written again, what goes away too late.
  const bool deleted = write.is_delete() && write.fate == WriteFate::acknowledged;
  if (write.fate == WriteFate::unknown || (deleted && random_() % 2 == 0)) renew_key(user, write.key);
}

void WriteClient::renew_key(User& user, const std::string& key) {
  for (auto& used : user.keys) {
    if (used == key) used = fmt::format("{}k{}", options_.run, ++keys_made_);
  }
}

}  // namespace sluice::migration
