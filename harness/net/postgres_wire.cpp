#include "harness/net/postgres_wire.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "harness/core/printable.hpp"

namespace sluice::net {
namespace {

constexpr std::uint64_t largest_message = 0x3fffffff;  // the server's own limit
constexpr std::uint32_t largest_startup = 10'000;      // likewise
constexpr std::size_t largest_tag = 1'000;
constexpr std::size_t largest_held = 64 * 1024;
constexpr std::size_t most_names = 10'000;
constexpr std::size_t names_preview = 300;  // portal and statement names at the head of a message
constexpr std::size_t error_preview = 2'000;
constexpr std::size_t most_expected = 1'000'000;
constexpr std::size_t header_size = 5;

constexpr std::uint32_t cancel_request = 80877102;
constexpr std::uint32_t ssl_request = 80877103;
constexpr std::uint32_t gss_request = 80877104;

std::uint32_t read_uint32(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

std::string uint32_bytes(std::uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
          static_cast<char>(value)};
}

// Takes the text up to the next NUL from `bytes`; nullopt, when none is in sight, leaves it as it is.
std::optional<std::string_view> take_text(std::string_view& bytes) {
  const auto end = bytes.find('\0');
  if (end == std::string_view::npos) return std::nullopt;
  const auto text = bytes.substr(0, end);
  bytes.remove_prefix(end + 1);
  return text;
}

std::string statement_text(std::string_view bytes) {
  return std::string(bytes.substr(0, std::min(bytes.find('\0'), PostgresConversation::text_limit)));
}

// How much of a client's message is looked at before it goes on.
std::size_t client_preview(char type) {
  switch (type) {
    case 'Q':
      return PostgresConversation::text_limit + 1;
    case 'P':
      return PostgresConversation::text_limit + names_preview;
    case 'B':
    case 'E':
    case 'C':
    case 'F':
      return names_preview;
    default:
      return 0;
  }
}

std::size_t server_preview(char type) {
  switch (type) {
    case 'C':
      return largest_tag;
    case 'Z':
      return 1;
    case 'E':
      return error_preview;
    default:
      return 0;
  }
}

// Checks the length in `head`, which holds at least a header, and returns how many bytes the whole message has.
std::uint64_t message_size(std::string_view head, const char* peer) {
  const std::uint64_t length = read_uint32(head.substr(1));
  if (length < 4 || length > largest_message) {
    throw WireError(fmt::format("the {} sent a message of type 0x{:02x} with the impossible length {}", peer,
                                static_cast<unsigned char>(head[0]), length));
  }
  return length + 1;
}

std::string sqlstate_of(std::string_view fields) {
  while (!fields.empty() && fields[0] != '\0') {
    const char field = fields[0];
    fields.remove_prefix(1);
    const auto text = take_text(fields);
    if (!text) break;
    if (field == 'C') return std::string(text->substr(0, 5));
  }
  return "XX000";
}

bool is_durable(std::string_view tag) { return tag.starts_with("COMMIT") || tag == "PREPARE TRANSACTION"; }

// Statements that leave nothing behind when they end outside a transaction. A SELECT may call a function that writes,
// but most do not.
bool leaves_nothing(std::string_view tag) {
  constexpr std::array<std::string_view, 16> harmless{
      "",      "SELECT", "SHOW",  "SET",    "RESET",        "BEGIN",    "START TRANSACTION", "ROLLBACK",
      "FETCH", "MOVE",   "CLOSE", "LISTEN", "CLOSE CURSOR", "UNLISTEN", "PREPARE",           "DEALLOCATE"};
  const auto blank = tag.find_last_of(' ');
  const bool counts = blank != std::string_view::npos && tag.find_first_not_of("0123456789", blank + 1) == tag.npos;
  const auto word = counts ? tag.substr(0, blank) : tag;
  return std::find(harmless.begin(), harmless.end(), word) != harmless.end();
}

}  // namespace

void PostgresConversation::from_client(std::string_view bytes) {
  while (!bytes.empty()) {
    if (opaque_) {
      sink_.to_server(bytes);
      return;
    }
    if (!started_) {
      take_startup(bytes);
      continue;
    }
    if (client_.rest > 0) {
      const auto part = bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(client_.rest, bytes.size())));
      sink_.to_server(part);
      client_.rest -= part.size();
      bytes.remove_prefix(part.size());
      continue;
    }
    std::size_t wanted = header_size;
    if (client_.head.size() >= header_size) {
      const std::uint64_t size = message_size(client_.head, "client");
      wanted = static_cast<std::size_t>(std::min<std::uint64_t>(size, header_size + client_preview(client_.head[0])));
    }
    const auto part = bytes.substr(0, wanted - client_.head.size());
    client_.head += part;
    bytes.remove_prefix(part.size());
    if (client_.head.size() < header_size) return;
    const std::uint64_t size = message_size(client_.head, "client");
    const auto preview = std::min<std::uint64_t>(size, header_size + client_preview(client_.head[0]));
    if (client_.head.size() < preview) continue;
    handle_client_message(client_.head);
    sink_.to_server(client_.head);
    client_.rest = size - client_.head.size();
    client_.head.clear();
  }
}

void PostgresConversation::take_startup(std::string_view& bytes) {
  const auto take = [&](std::size_t wanted) {
    const auto part = bytes.substr(0, wanted - std::min(wanted, client_.head.size()));
    client_.head += part;
    bytes.remove_prefix(part.size());
    return client_.head.size() >= wanted;
  };
  if (!take(4)) return;
  const std::uint32_t length = read_uint32(client_.head);
  if (length < 8 || length > largest_startup) {
    throw WireError(fmt::format("the client's first packet has the impossible length {}", length));
  }
  if (take(length)) handle_startup();
}

void PostgresConversation::handle_startup() {
  const std::string packet = std::move(client_.head);
  client_.head.clear();
  const std::uint32_t code = read_uint32(std::string_view(packet).substr(4));
  if (code == ssl_request || code == gss_request) {
    if (++refused_encryptions_ > 4) throw WireError("the client asks for encryption again and again");
    sink_.to_client("N");
    return;
  }
  if (code == cancel_request) {
    opaque_ = true;
    sink_.to_server(packet);
    return;
  }
  if (code >> 16 != 3) throw WireError(fmt::format("the client speaks protocol {}, not 3", code >> 16));
  started_ = true;
  // Names and values in turn, the last followed by one more NUL. Without `database` the user's name is meant.
  std::string parameters;
  std::string user, database;
  std::string_view rest = std::string_view(packet).substr(8);
  while (const auto name = take_text(rest)) {
    if (name->empty()) break;
    const auto value = take_text(rest);
    if (!value) throw WireError("the client's start-up packet ends in the middle of a parameter");
    if (*name == "user") user = *value;
    if (*name == "database") {
      database = *value;
      continue;
    }
    parameters.append(*name).append(1, '\0').append(*value).append(1, '\0');
  }
  if (databases_.empty()) {
    sink_.to_server(packet);
    return;
  }
  const std::string& asked = database.empty() ? user : database;
  const auto renamed = databases_.find(asked);
  if (renamed == databases_.end()) refuse_database(asked);
  parameters.append("database").append(1, '\0').append(renamed->second).append(2, '\0');
  sink_.to_server(uint32_bytes(static_cast<std::uint32_t>(parameters.size() + 8)) + uint32_bytes(code) + parameters);
}

void PostgresConversation::refuse_database(const std::string& database) {
  const std::string why = fmt::format("this proxy does not lead to the database \"{}\"", database);
  std::string fields;
  for (const std::string& field : {std::string("SFATAL"), std::string("VFATAL"), std::string("C3D000"), "M" + why}) {
    fields.append(field).append(1, '\0');
  }
  fields.append(1, '\0');
  sink_.to_client("E" + uint32_bytes(static_cast<std::uint32_t>(fields.size() + 4)) + fields);
  throw WireError(
      fmt::format("the client asked for the database {}, to which this proxy does not lead", printable(database, 100)));
}

void PostgresConversation::handle_client_message(std::string_view head) {
  std::string_view body = head.substr(header_size);
  switch (head[0]) {
    case 'Q':
      begin(Expected::Kind::query, statement_text(body));
      break;
    case 'F':
      begin(Expected::Kind::query,
            body.size() < 4 ? "function call" : fmt::format("call of function {}", read_uint32(body)));
      break;
    case 'P':
      handle_parse(body);
      break;
    case 'B':
      handle_bind(body);
      break;
    case 'E': {
      const auto portal = take_text(body);
      const auto found = portal ? portals_.find(*portal) : portals_.end();
      begin(Expected::Kind::execute, found == portals_.end() ? "" : found->second);
      break;
    }
    case 'C':
      if (!body.empty()) {
        auto& names = body[0] == 'S' ? prepared_ : portals_;
        body.remove_prefix(1);
        if (const auto name = take_text(body)) {
          if (const auto found = names.find(*name); found != names.end()) names.erase(found);
        }
      }
      break;
    case 'S':
      // While rows are copied in, the server reads over a Sync.
      if (!copying_in_) expected_.push_back({.kind = Expected::Kind::sync});
      break;
    case 'c':
    case 'f':
      copying_in_ = false;
      break;
    default:
      break;
  }
  if (expected_.size() > most_expected) throw WireError("the client sent a million requests without taking an answer");
}

void PostgresConversation::handle_parse(std::string_view body) {
  const auto name = take_text(body);
  if (!name || (prepared_.size() >= most_names && !prepared_.contains(*name))) return;
  prepared_[std::string(*name)] = statement_text(body);
}

void PostgresConversation::handle_bind(std::string_view body) {
  const auto portal = take_text(body);
  const auto name = portal ? take_text(body) : std::nullopt;
  if (!name || (portals_.size() >= most_names && !portals_.contains(*portal))) return;
  const auto found = prepared_.find(*name);
  portals_[std::string(*portal)] = found == prepared_.end() ? "" : found->second;
}

void PostgresConversation::begin(Expected::Kind kind, std::string text) {
  const std::uint64_t number = sink_.statement_begins(text);
  expected_.push_back({.kind = kind, .number = number, .text = std::move(text), .end = {}});
}

void PostgresConversation::from_server(std::string_view bytes) {
  while (!bytes.empty()) {
    if (server_.rest > 0) {
      const auto part = bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(server_.rest, bytes.size())));
      if (holding_)
        held_ += part;
      else
        sink_.to_client(part);
      server_.rest -= part.size();
      bytes.remove_prefix(part.size());
      if (held_.size() > largest_held) flush_held();
      continue;
    }
    std::size_t wanted = header_size;
    if (server_.head.size() >= header_size) {
      const std::uint64_t size = message_size(server_.head, "server");
      wanted = static_cast<std::size_t>(std::min<std::uint64_t>(size, header_size + server_preview(server_.head[0])));
    }
    const auto part = bytes.substr(0, wanted - server_.head.size());
    server_.head += part;
    bytes.remove_prefix(part.size());
    if (server_.head.size() < header_size) return;
    const std::uint64_t size = message_size(server_.head, "server");
    const auto preview = std::min<std::uint64_t>(size, header_size + server_preview(server_.head[0]));
    if (server_.head.size() < preview) continue;
    const std::string head = std::move(server_.head);
    server_.head.clear();
    handle_server_message(head, size - head.size());
    server_.rest = size - head.size();
  }
}

// Decides whether the message goes out or is held back, and does so with its head.
void PostgresConversation::handle_server_message(std::string_view head, std::uint64_t rest) {
  const std::string_view body = head.substr(header_size);
  switch (head[0]) {
    case 'C':
      if (rest > 0) throw WireError("the server sent a command tag of more than 1,000 bytes");
      completed(statement_text(body));
      break;
    case 'I':  // an empty query
    case 'V':  // a function's result
    case 's':  // a portal with more rows
      completed("");
      break;
    case 'E':
      failed(sqlstate_of(body));
      break;
    case 'Z':
      ready(body.empty() ? 'I' : body[0]);
      break;
    case 'N':
    case 'S':
    case 'A':
      break;  // may come at any time, also between an end and the server's being ready
    case 'G':
      flush_held();
      copy_in_starts();
      break;
    default:
      flush_held();  // the next statement of the same Query
      break;
  }
  if (holding_)
    held_ += head;
  else
    sink_.to_client(head);
}

void PostgresConversation::completed(std::string tag) {
  // What the server completes comes after every Sync that it answered or read over.
  while (!expected_.empty() && expected_.front().kind == Expected::Kind::sync) expected_.pop_front();
  if (expected_.empty()) return;
  Expected& front = expected_.front();
  front.end.tag = std::move(tag);
  if (front.kind == Expected::Kind::query) {
    front.made_durable = front.made_durable || is_durable(front.end.tag);
    holding_ = true;
    return;
  }
  Expected done = std::move(front);
  expected_.pop_front();
  if (!expected_.empty() && expected_.front().kind == Expected::Kind::sync) {
    waiting_ = std::move(done);
    holding_ = true;
    return;
  }
  finish(done, is_durable(done.end.tag));
}

void PostgresConversation::failed(std::string sqlstate) {
  copying_in_ = false;
  if (expected_.empty() || expected_.front().kind == Expected::Kind::sync) return;
  Expected& front = expected_.front();
  front.end.tag.clear();
  front.end.sqlstate = std::move(sqlstate);
  if (front.kind == Expected::Kind::query) {
    holding_ = true;
    return;
  }
  Expected done = std::move(front);
  // The server skips everything up to the next Sync.
  while (!expected_.empty() && expected_.front().kind == Expected::Kind::execute) expected_.pop_front();
  if (!expected_.empty() && expected_.front().kind == Expected::Kind::sync) {
    waiting_ = std::move(done);
    holding_ = true;
    return;
  }
  finish(done, false);
}

void PostgresConversation::ready(char status) {
  std::optional<Expected> done = std::exchange(waiting_, std::nullopt);
  while (!expected_.empty()) {
    Expected front = std::move(expected_.front());
    expected_.pop_front();
    if (front.kind == Expected::Kind::execute) continue;  // skipped by the server
    if (front.kind == Expected::Kind::query && !done) done = std::move(front);
    break;
  }
  const bool outside = transaction_ == 'I' && status == 'I';
  transaction_ = status;
  if (done) {
    const auto& end = done->end;
    const bool durable = done->made_durable || is_durable(end.tag) || (outside && !leaves_nothing(end.tag));
    finish(*done, durable && (end.sqlstate.empty() || done->made_durable));
  }
  flush_held();
}

void PostgresConversation::copy_in_starts() {
  copying_in_ = true;
  if (expected_.empty() || expected_.front().kind == Expected::Kind::query) return;
  // The server reads over the Syncs that were sent with the Execute.
  const auto second = expected_.begin() + 1;
  const auto end =
      std::find_if(second, expected_.end(), [](const Expected& e) { return e.kind != Expected::Kind::sync; });
  expected_.erase(second, end);
}

void PostgresConversation::finish(const Expected& statement, bool committed) {
  StatementEnd end = statement.end;
  end.committed = committed;
  sink_.statement_ended(statement.number, statement.text, end);
}

void PostgresConversation::flush_held() {
  holding_ = false;
  if (held_.empty()) return;
  sink_.to_client(held_);
  held_.clear();
}

void PostgresConversation::server_closed() { flush_held(); }

}  // namespace sluice::net
