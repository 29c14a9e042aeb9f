#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "harness/net/postgres_statements.hpp"

// PostgreSQL's wire protocol, version 3, as far as a proxy must understand it. No input or output here.
namespace sluice::net {

/// What a peer sent cannot be PostgreSQL's protocol, or is larger than anything it allows.
class WireError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Told what one conversation does, in order. Bytes are valid during the call only.
class ConversationSink {
 public:
  virtual ~ConversationSink() = default;
  virtual void to_server(std::string_view bytes) = 0;
  virtual void to_client(std::string_view bytes) = 0;
  /// Called before the first byte of the statement goes to the server; returns its number. May throw.
  virtual std::uint64_t statement_begins(const std::string& text) = 0;
  /// Called before the answer's end goes to the client. May throw.
  virtual void statement_ended(std::uint64_t number, const std::string& text, const StatementEnd& end) = 0;
};

/// Follows one connection between a client and a server. Bytes come in pieces of any size and go out unchanged and in
/// order, except that requests for encryption are refused here, and that the start-up packet names another database
/// when it is to be renamed. Memory is bounded whatever comes.
///
/// A statement is a Query, a FunctionCall or an Execute. Several SQL statements in one Query are one statement here:
/// the server takes them as one message. An Execute that ends right before a Sync ends with it, as only then its work
/// is durable.
class PostgresConversation {
 public:
  static constexpr std::size_t text_limit = 400;  ///< bytes kept of a statement

  /// `databases`: name that clients ask for -> name that the server is asked for. Whoever asks for another one is
  /// refused. Empty: every client gets the database that it asks for.
  PostgresConversation(ConversationSink& sink, std::map<std::string, std::string> databases)
      : sink_(sink), databases_(std::move(databases)) {}

  /// Bytes from the client. Throws WireError, and whatever the sink throws.
  void from_client(std::string_view bytes);
  /// Bytes from the server; throws likewise.
  void from_server(std::string_view bytes);
  /// The server has closed: what was held back of its last words goes out.
  void server_closed();

 private:
  /// One message that is being taken apart: its head is collected, the rest streams through.
  struct Reading {
    std::string head;
    std::uint64_t rest = 0;  ///< bytes of the message that follow the head
  };
  struct Expected {
    enum class Kind { query, execute, sync };
    Kind kind = Kind::sync;
    std::uint64_t number = 0;
    std::string text;
    StatementEnd end;
    bool made_durable = false;  ///< one of its parts was a COMMIT
  };

  void take_startup(std::string_view& bytes);
  void handle_startup();
  [[noreturn]] void refuse_database(const std::string& database);
  void handle_client_message(std::string_view head);
  void handle_parse(std::string_view body);
  void handle_bind(std::string_view body);
  void begin(Expected::Kind kind, std::string text);
  void handle_server_message(std::string_view head, std::uint64_t rest);
  void completed(std::string tag);
  void failed(std::string sqlstate);
  void ready(char status);
  void copy_in_starts();
  void finish(const Expected& statement, bool committed);
  void flush_held();

  ConversationSink& sink_;
  std::map<std::string, std::string> databases_;
  bool started_ = false;
  bool opaque_ = false;  ///< a cancel request: nothing else is said
  int refused_encryptions_ = 0;
  Reading client_;
  Reading server_;
  std::map<std::string, std::string, std::less<>> prepared_;  ///< statement name -> text
  std::map<std::string, std::string, std::less<>> portals_;
  std::deque<Expected> expected_;
  bool copying_in_ = false;
  char transaction_ = 'I';           ///< as the server said last
  std::optional<Expected> waiting_;  ///< an Execute that was done and waits for the server to be ready
  bool holding_ = false;             ///< answers are held back until the server is ready
  std::string held_;
};

}  // namespace sluice::net
