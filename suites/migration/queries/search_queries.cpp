#include "suites/migration/queries/search_queries.hpp"

#include <fmt/core.h>

#include <charconv>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "harness/core/errors.hpp"
#include "harness/core/exact_json.hpp"
#include "harness/core/printable.hpp"

namespace sluice::migration {
namespace {

constexpr std::size_t most_bytes = 64u << 20;
constexpr std::size_t most_queries = 100'000;
constexpr std::string_view placeholder = "{query}";

std::string read_file(const std::filesystem::path& path, const std::string& shown) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw InputError(fmt::format("{}: the file cannot be read", shown));
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (text.size() > most_bytes) throw InputError(fmt::format("{}: more than {} MiB", shown, most_bytes >> 20));
  return text;
}

std::string filled(std::string text, const std::string& value) {
  for (auto at = text.find(placeholder); at != std::string::npos; at = text.find(placeholder, at + value.size()))
    text.replace(at, placeholder.size(), value);
  return text;
}

// The text as it stands inside the quotes of a JSON string.
std::string json_inside(const std::string& text) {
  const std::string quoted = ExactJson::make_string(text).dump();
  return quoted.substr(1, quoted.size() - 2);
}

std::string member_text(const ExactJson& object, const char* name, const std::string& otherwise) {
  const ExactJson* const member = object.find(name);
  if (member == nullptr) return otherwise;
  // A body may be written as the JSON it is.
  return member->type() == ExactJson::Type::string ? member->text() : member->dump();
}

SearchQuery query_of(const ExactJson& line, const SearchRequest& request, const std::string& place) {
  const ExactJson* const text = line.find("text");
  const ExactJson* const whole = line.find("request");
  if ((text == nullptr) == (whole == nullptr))
    throw InputError(place + R"(: a query is {"text": "…"} or {"request": {"method", "path", "headers", "body"}})");
  SearchQuery query;
  if (text != nullptr) {
    if (text->type() != ExactJson::Type::string) throw InputError(place + ": `text` must be a text");
    if (request.path.empty()) throw InputError(place + ": a query's text needs the parameter `request`");
    query.name = text->text();
    query.request.method = request.method;
    query.request.target = filled(request.path, net::percent_encode(query.name));
    query.request.body = filled(request.body, json_inside(query.name));
    for (const auto& [name, value] : request.headers) query.request.headers.push_back({name, value});
    return query;
  }
  query.request.method = member_text(*whole, "method", "GET");
  query.request.target = member_text(*whole, "path", "");
  query.request.body = member_text(*whole, "body", "");
  if (query.request.target.empty() || query.request.target.front() != '/')
    throw InputError(place + ": a request needs a `path` that starts with /");
  if (const ExactJson* const headers = whole->find("headers")) {
    for (const auto& [name, value] : headers->members()) query.request.headers.push_back({name, value.text()});
  }
  query.name = query.request.method + " " + query.request.target;
  return query;
}

}  // namespace

std::vector<SearchQuery> load_queries(const std::filesystem::path& path, const std::string& shown,
                                      const SearchRequest& request) {
  const std::string text = read_file(path, shown);
  std::vector<SearchQuery> queries;
  std::size_t number = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = std::string_view(text).substr(begin, end - begin);
    begin = end + 1;
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos || line.front() == '#') continue;
    const std::string place = fmt::format("{}:{}", shown, number);
    const JsonParse parsed = parse_exact_json(line);
    if (!parsed.value) throw InputError(fmt::format("{}: not JSON: {}", place, parsed.error));
    if (queries.size() == most_queries) throw InputError(fmt::format("{}: more than {} queries", place, most_queries));
    queries.push_back(query_of(*parsed.value, request, place));
  }
  if (queries.empty()) throw InputError(shown + ": there is no query in it");
  return queries;
}

namespace {

// A number as people and other systems write ids: 100, not 1e2.
std::string id_text(const ExactJson& id) {
  if (id.type() == ExactJson::Type::string) return id.text();
  std::string digits = id.canonical();
  const auto mark = digits.find('e');
  int zeros = 0;
  constexpr int most = 40;
  if (mark == std::string::npos) return digits;
  const auto [end, failure] = std::from_chars(digits.data() + mark + 1, digits.data() + digits.size(), zeros);
  if (failure != std::errc() || end != digits.data() + digits.size() || zeros < 0 || zeros > most) return digits;
  digits.resize(mark);
  return digits.append(static_cast<std::size_t>(zeros), '0');
}

}  // namespace

std::vector<std::string> result_ids(const net::Response& response, const ResultPlace& place) {
  if (response.status < 200 || response.status > 299)
    throw std::runtime_error(fmt::format("status {}: {}", response.status, printable(response.body, 200)));
  const auto body = net::decoded_body(response);
  if (!body) throw std::runtime_error("the body cannot be decoded");
  const JsonParse parsed = parse_exact_json(*body);
  if (!parsed.value) throw std::runtime_error("the body is not JSON: " + parsed.error);
  const ExactJson* const list = parsed.value->at_pointer(place.list);
  if (list == nullptr || list->type() != ExactJson::Type::array)
    throw std::runtime_error(fmt::format("there is no list at {}: {}", place.list, printable(*body, 200)));
  std::vector<std::string> ids;
  for (const auto& item : list->items()) {
    const ExactJson* const id = item.at_pointer(place.id);
    const bool usable =
        id != nullptr && (id->type() == ExactJson::Type::string || id->type() == ExactJson::Type::number);
    if (!usable)
      throw std::runtime_error(
          fmt::format("result {} has no id at {}: {}", ids.size(), place.id, printable(item.dump(), 200)));
    ids.push_back(id_text(*id));
  }
  return ids;
}

std::map<std::string, std::string> load_id_map(const std::filesystem::path& path, const std::string& shown) {
  const JsonParse parsed = parse_exact_json(read_file(path, shown));
  if (!parsed.value || parsed.value->type() != ExactJson::Type::object)
    throw InputError(fmt::format("{}: expected a JSON object old id -> new id {}", shown, parsed.error));
  std::map<std::string, std::string> map;
  for (const auto& [from, to] : parsed.value->members()) map[from] = id_text(to);
  return map;
}

std::string curl_line(const net::Endpoint& endpoint, const net::Request& request) {
  std::string line = "curl -s";
  if (request.method != "GET") line += " -X " + shell_word(request.method);
  for (const auto& header : request.headers) line += " -H " + shell_word(header.name + ": " + header.value);
  if (!request.body.empty()) line += " --data-binary " + shell_word(request.body);
  return line + " " +
         shell_word(
             fmt::format("{}://{}{}{}", endpoint.scheme, endpoint.authority(), endpoint.base_path, request.target));
}

}  // namespace sluice::migration
