#pragma once
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "harness/core/clock.hpp"
#include "harness/net/endpoint.hpp"
#include "harness/scenario/route_map.hpp"
#include "suites/migration/live/live_writes_request.hpp"
#include "suites/migration/live/live_writes_route.hpp"
#include "suites/migration/live/write_ledger.hpp"

namespace sluice::migration {

struct WriteClientOptions {
  WriteTemplate write = {};
  std::optional<WriteTemplate> remove = std::nullopt;   ///< the delete, where the plan has one
  double delete_share = 0;                              ///< of all requests
  std::map<std::string, net::Endpoint> endpoints = {};  ///< by side; those that the route uses
  scenario::RouteMap routes = {};                       ///< for the new side
  std::string run;                                      ///< what every nonce begins with
  std::uint64_t seed = 0;
  std::size_t clients = 1;     ///< connections at once
  double rate_per_second = 1;  ///< of all clients together
  std::size_t keys = 0;        ///< keys that are written again and again; 0: every write has a key of its own
  std::size_t most = 1;        ///< writes in all
  std::chrono::nanoseconds timeout{0};
  std::string acknowledged_by;  ///< JSON pointer that an answer must hold; empty: 2xx is enough. Not of deletes
};

/// Users who keep writing, one request at a time each, until told to stop, and delete now and then what was
/// acknowledged to them. Each write is in the ledger before it is sent. Once a write's fate is unknown, its key is
/// written no more, so that what follows cannot be mistaken for it. Of the keys that were deleted, half are written
/// again.
class WriteClient {
 public:
  /// Begins at once. Clock and ledger outlive it. `on_write` is called from any thread.
  WriteClient(WriteClientOptions options, WriteTarget target, const Clock& clock, WriteLedger& ledger,
              std::stop_token cancelled, std::function<void(std::uint64_t)> on_write);
  /// Stops and waits for the requests under way.
  ~WriteClient();

  /// Later writes go there. Returns when no request that was sent before is under way any more, or at a stop.
  void send_to(WriteTarget target);
  /// Returns when so many writes were acknowledged, after `timeout`, or at a stop; at once where writing rests.
  void wait_for_acknowledgements(std::uint64_t number, std::chrono::nanoseconds timeout);
  /// Stops and waits for the requests under way; throws what kept a client from writing.
  void finish();
  std::chrono::steady_clock::time_point begun() const { return begun_; }

 private:
  struct User {
    std::string name;
    std::vector<std::string> keys;
    std::map<std::string, WriteRecord> standing;         // by key: what it wrote last and could delete
    std::map<std::string, net::HttpClient> connections;  // by side
  };
  void work(std::size_t user);
  bool next(std::size_t user, WriteRecord& write);
  void choose(User& user, WriteRecord& write);
  std::string side_of(std::ptrdiff_t turn) const;
  bool choose_delete(User& user, WriteRecord& write);
  bool may_delete(const WriteRecord& standing, const std::string& side) const;
  void renew_key(User& user, const std::string& key);
  void send(User& user, WriteRecord& write);
  void note(std::size_t user, const WriteRecord& write);
  void note_standing(User& user, const WriteRecord& write);

  WriteClientOptions options_;
  const Clock& clock_;
  WriteLedger& ledger_;
  std::stop_token cancelled_;
  std::stop_source halt_;  // of the cancellation, or of us
  std::stop_callback<std::function<void()>> forward_;
  std::function<void(std::uint64_t)> on_write_;
  std::chrono::steady_clock::time_point begun_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  WriteTarget target_;
  bool moving_ = false;  // nothing is sent until what went to the former target is through
  std::chrono::steady_clock::time_point next_turn_;
  std::uint64_t numbered_ = 0;
  std::uint64_t keys_made_ = 0;
  std::size_t under_way_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::exception_ptr broken_;
  std::mt19937_64 random_;
  std::vector<User> users_;
  std::vector<std::jthread> threads_;  // last: they use everything above
};

/// What an answer says of a write.
struct WriteAnswer {
  WriteFate fate = WriteFate::unknown;
  std::string why;  ///< what kept it from being acknowledged
  std::string id;   ///< the text or number at `acknowledged_by`
};

/// 2xx with `acknowledged_by` in it acknowledges, 4xx and other refusals refuse, and whatever leaves it open, among
/// them 408, is unknown.
WriteAnswer read_answer(const net::Response& response, const std::string& acknowledged_by);

}  // namespace sluice::migration
