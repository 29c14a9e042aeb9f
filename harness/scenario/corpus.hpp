#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/net/http_client.hpp"

namespace sluice::scenario {

/// One exchange of a corpus, still with its templates. Either an HTTP request or a scripted WebSocket conversation.
struct Step {
  std::string name;     ///< unique in its corpus; "METHOD path" when the corpus names none
  std::string session;  ///< steps of one session run in order on one connection; "" is a session too
  std::string method = "GET";
  std::string path;                  ///< template; with query
  std::vector<net::Header> headers;  ///< values are templates
  std::optional<std::string> body;   ///< template
  bool json_body = false;            ///< `body` is JSON: values are put into it as the text of JSON strings
  bool templates = true;             ///< false: path, headers and body are sent as they are (recorded traffic)
  std::map<std::string, std::string>
      capture;  ///< variable -> JSON pointer into the response (or first WebSocket message)
  bool websocket = false;
  std::vector<std::string> send;  ///< WebSocket text messages, templates, sent in order
  std::size_t expect = 0;         ///< WebSocket: messages to wait for after each send
  double weight = 1;              ///< share in a load mix
  std::string location;           ///< "corpus/answers.jsonl:12", for messages
};

struct Corpus {
  std::filesystem::path path;
  std::vector<Step> steps;
};

/// Reads JSON lines (one object a line: name, session, method, path, headers, json | text, capture, weight; or
/// websocket, send, expect) or a HAR file (by its content: an object with "log"). Throws InputError with file:line and
/// the cause; an empty corpus is returned as such, for the check to call inconclusive. Unknown keys are errors. At most
/// 64 MiB and 100,000 steps.
Corpus load_corpus(const std::filesystem::path& path);

}  // namespace sluice::scenario
