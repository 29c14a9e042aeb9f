#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace sluice::migration {

/// What the client knows about a write.
enum class WriteFate : std::uint8_t {
  unknown,       ///< no whole answer, or one that leaves it open (5xx): it may have been stored or not
  acknowledged,  ///< the service said that it is stored
  refused        ///< the service said that it is not (4xx)
};

/// One write, from the moment before it was sent. A delete is a write that leaves nothing behind.
struct WriteRecord {
  std::uint64_t number = 0;  ///< counted from 1, in the order of sending
  std::string nonce;         ///< no other write has it
  std::string key;           ///< what the write sets; a later write of the same key supersedes this one
  std::string removes;       ///< a delete: the nonce of the write that it takes away; empty otherwise
  std::string user;          ///< the client that sent it; writes of one key are all of one client, one after the other
  std::string side;          ///< the endpoint it went to: "old", "new"
  std::string value;         ///< what {value} stood for; of a delete: in the write that it takes away
  std::string id;            ///< what the service called the thing that was stored, where the answer says so
  std::chrono::nanoseconds sent{0};  ///< since the ledger was begun
  std::optional<std::chrono::nanoseconds> answered = std::nullopt;
  WriteFate fate = WriteFate::unknown;
  unsigned status = 0;  ///< of the answer; 0: there was none
  std::string failure;  ///< why it is not acknowledged
  std::string at;       ///< when it was sent, UTC, for people

  bool is_delete() const { return !removes.empty(); }
  friend bool operator==(const WriteRecord&, const WriteRecord&) = default;
};

/// The record of all writes: JSON lines, one when a write is about to be sent, one when its fate is known. A line is
/// with the operating system before the call returns, so a run that is killed leaves every write that it sent.
/// Thread-safe.
class WriteLedger {
 public:
  /// Makes the file anew. Throws EnvironmentError when it cannot be written, as the other calls do.
  explicit WriteLedger(std::filesystem::path path);
  ~WriteLedger();
  WriteLedger(const WriteLedger&) = delete;
  WriteLedger& operator=(const WriteLedger&) = delete;

  void sent(const WriteRecord& record);
  void answered(const WriteRecord& record);
  const std::filesystem::path& path() const { return path_; }

 private:
  void append(std::string line);

  std::filesystem::path path_;
  std::mutex mutex_;
  int file_ = -1;
};

/// The writes of a ledger, in the order of sending; one without an answer is of unknown fate. A last line that was cut
/// off is left out. Throws InputError with file and line for anything else that is no ledger.
std::vector<WriteRecord> load_ledger(const std::filesystem::path& path);

}  // namespace sluice::migration
