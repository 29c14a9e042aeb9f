#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/net/http_client.hpp"

namespace sluice::migration {

/// One query as it goes to the old side.
struct SearchQuery {
  std::string name;  ///< for people: its text, or method and path
  net::Request request;
};

/// How a query's text becomes a request; {query} stands for it, percent-encoded in the path, as JSON text in the body.
struct SearchRequest {
  std::string method = "GET";
  std::string path;  ///< empty: every line must hold a request of its own
  std::map<std::string, std::string> headers;
  std::string body;
};

/// Reads JSON lines, each {"text": "…"} or {"request": {"method", "path", "headers", "body"}}; blank lines and lines
/// that start with # do not count. Throws InputError with file and line. `shown` is how messages call the file.
std::vector<SearchQuery> load_queries(const std::filesystem::path& path, const std::string& shown,
                                      const SearchRequest& request);

/// Where an answer holds its results: a pointer to their list, and in each of them one to the id ("": it is the id).
struct ResultPlace {
  std::string list;
  std::string id;
};

/// The ids of an answer, in order. Throws std::runtime_error that says what is wrong with the answer.
std::vector<std::string> result_ids(const net::Response& response, const ResultPlace& place);

/// A JSON object old id -> new id. Throws InputError.
std::map<std::string, std::string> load_id_map(const std::filesystem::path& path, const std::string& shown);

/// A curl command that sends the request.
std::string curl_line(const net::Endpoint& endpoint, const net::Request& request);

}  // namespace sluice::migration
