#include "suites/migration/live/write_ledger.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"

namespace sluice::migration {
namespace {

using nlohmann::json;

const char* name_of(WriteFate fate) {
  if (fate == WriteFate::acknowledged) return "acknowledged";
  return fate == WriteFate::refused ? "refused" : "unknown";
}

WriteFate fate_of(const std::string& name) {
  if (name == "acknowledged") return WriteFate::acknowledged;
  if (name == "refused") return WriteFate::refused;
  if (name == "unknown") return WriteFate::unknown;
  throw std::invalid_argument("no such event: " + name);
}

// What a service answered may be no UTF-8; the values written are.
std::string ledger_line(const json& line) { return line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n"; }

}  // namespace

WriteLedger::WriteLedger(std::filesystem::path path) : path_(std::move(path)) {
  file_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
  if (file_ < 0)
    throw EnvironmentError(fmt::format("{}: the write ledger cannot be made: {}", path_.string(), strerror(errno)));
}

WriteLedger::~WriteLedger() { close(file_); }

void WriteLedger::sent(const WriteRecord& record) {
  json line{{"event", "sent"},       {"number", record.number}, {"nonce", record.nonce},
            {"key", record.key},     {"user", record.user},     {"side", record.side},
            {"value", record.value}, {"at", record.at},         {"after_ns", record.sent.count()}};
  if (record.is_delete()) {
    line["removes"] = record.removes;
    line["id"] = record.id;
  }
  append(ledger_line(line));
}

void WriteLedger::answered(const WriteRecord& record) {
  json line{{"event", name_of(record.fate)},
            {"number", record.number},
            {"status", record.status},
            {"after_ns", record.answered.value_or(record.sent).count()}};
  if (!record.is_delete() && !record.id.empty()) line["id"] = record.id;
  if (!record.failure.empty()) line["failure"] = printable(record.failure, 500);
  append(ledger_line(line));
}

void WriteLedger::append(std::string line) {
  const std::scoped_lock lock(mutex_);
  for (std::size_t done = 0; done < line.size();) {
    const ssize_t written = write(file_, line.data() + done, line.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0)
      throw EnvironmentError(
          fmt::format("{}: the write ledger cannot be written: {}", path_.string(), strerror(errno)));
    done += static_cast<std::size_t>(written);
  }
}

namespace {

void take_line(const json& line, std::map<std::uint64_t, WriteRecord>& writes) {
  const auto number = line.at("number").get<std::uint64_t>();
  const auto event = line.at("event").get<std::string>();
  const std::chrono::nanoseconds after{line.at("after_ns").get<std::int64_t>()};
  if (event == "sent") {
    WriteRecord record{.number = number,
                       .nonce = line.at("nonce").get<std::string>(),
                       .key = line.at("key").get<std::string>(),
                       .removes = line.value("removes", ""),
                       .user = line.at("user").get<std::string>(),
                       .side = line.at("side").get<std::string>(),
                       .value = line.at("value").get<std::string>(),
                       .id = line.value("id", ""),
                       .sent = after};
    record.at = line.at("at").get<std::string>();
    if (!writes.emplace(number, std::move(record)).second) throw std::invalid_argument("a write is sent twice");
    return;
  }
  const auto known = writes.find(number);
  if (known == writes.end()) throw std::invalid_argument("an answer to a write that was not sent");
  known->second.fate = fate_of(event);
  known->second.status = line.at("status").get<unsigned>();
  known->second.answered = after;
  known->second.failure = line.value("failure", "");
  if (!known->second.is_delete()) known->second.id = line.value("id", "");
}

}  // namespace

std::vector<WriteRecord> load_ledger(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw InputError(fmt::format("{}: the write ledger cannot be read", path.string()));
  std::map<std::uint64_t, WriteRecord> writes;
  std::string text;
  for (std::size_t number = 1; std::getline(file, text); ++number) {
    const bool cut_off = file.eof();  // every whole line ends in a line feed
    try {
      take_line(json::parse(text), writes);
    } catch (const std::exception& error) {
      if (cut_off) break;
      throw InputError(fmt::format("{}:{}: not a line of a write ledger: {}", path.string(), number, error.what()));
    }
  }
  std::vector<WriteRecord> all;
  for (auto& [number, record] : writes) all.push_back(std::move(record));
  return all;
}

}  // namespace sluice::migration
