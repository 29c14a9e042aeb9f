#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"
#include "harness/net/request_text.hpp"
#include "harness/scenario/corpus_sources.hpp"

// HAR 1.2: http://www.softwareishard.com/blog/har-12-spec/
namespace sluice::scenario {
namespace {

using Type = ExactJson::Type;

// Headers of one connection, of the recorded host, or computed anew for each request.
constexpr std::array<std::string_view, 11> not_replayed{"connection",
                                                        "content-length",
                                                        "expect",
                                                        "host",
                                                        "keep-alive",
                                                        "proxy-connection",
                                                        "te",
                                                        "trailer",
                                                        "http2-settings",
                                                        "transfer-encoding",
                                                        "proxy-authorization"};

std::string lower_case(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

/// One entry being read.
class EntryReader {
 public:
  EntryReader(std::string location, const ExactJson& entry) : entry_(entry) { step_.location = std::move(location); }
  /// nullopt for an entry that never went over the network (data: and blob: URLs).
  std::optional<Step> read();
  /// "http://host:port" of the entry.
  const std::string& origin() const { return origin_; }

 private:
  [[noreturn]] void refuse(const std::string& why) const { throw InputError(step_.location + ": " + why); }
  const ExactJson& member(const ExactJson& object, const char* name, Type type) const {
    const ExactJson* value = object.find(name);
    if (value == nullptr || value->type() != type) refuse(fmt::format("\"{}\" is missing or of another type", name));
    return *value;
  }
  bool split_url(const std::string& url);
  void take_headers(const ExactJson& headers);
  void take_body(const ExactJson& post_data);

  const ExactJson& entry_;
  Step step_;
  std::string origin_;
};

bool EntryReader::split_url(const std::string& url) {
  if (url.starts_with("data:") || url.starts_with("blob:")) return false;
  const auto scheme_end = url.find("://");
  if (scheme_end == std::string::npos) refuse(fmt::format("\"{}\" is not a URL", printable(url, 100)));
  if (url.starts_with("ws")) refuse("a WebSocket cannot be taken from a HAR file; write it as a JSON line");
  const auto host_end = url.find_first_of("/?#", scheme_end + 3);
  origin_ = url.substr(0, host_end);
  std::string target = host_end == std::string::npos ? "/" : url.substr(host_end, url.find('#') - host_end);
  if (target.empty() || target.front() != '/') target.insert(0, 1, '/');
  for (const char c : target) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7F)
      step_.path += c;
    else
      step_.path += fmt::format("%{:02X}", byte);
  }
  return true;
}

void EntryReader::take_headers(const ExactJson& headers) {
  for (const ExactJson& header : headers.items()) {
    if (header.type() != Type::object) refuse("a header is not an object");
    net::Header taken{member(header, "name", Type::string).text(), member(header, "value", Type::string).text()};
    const std::string name = lower_case(taken.name);
    if (name.starts_with(':') || std::find(not_replayed.begin(), not_replayed.end(), name) != not_replayed.end())
      continue;
    if (name == "upgrade" || name.starts_with("sec-websocket-")) {
      refuse("a WebSocket cannot be taken from a HAR file; write it as a JSON line");
    }
    // Browsers also offer codings that cannot be undone here; answers in them could only be compared as bytes.
    if (name == "accept-encoding") taken.value = "gzip, deflate";
    try {
      net::check_header(taken);
    } catch (const InputError& error) {
      refuse(error.what());
    }
    step_.headers.push_back(std::move(taken));
  }
}

void EntryReader::take_body(const ExactJson& post_data) {
  if (const ExactJson* text = post_data.find("text"); text != nullptr && text->type() == Type::string) {
    step_.body = text->text();
    return;
  }
  const ExactJson* parameters = post_data.find("params");
  if (parameters == nullptr || parameters->items().empty()) return;
  const ExactJson* kind = post_data.find("mimeType");
  if (kind == nullptr || !kind->text().starts_with("application/x-www-form-urlencoded")) {
    refuse("the body is recorded as form parts without its text; it cannot be sent again as it was");
  }
  std::string body;
  for (const ExactJson& parameter : parameters->items()) {
    if (!body.empty()) body += '&';
    body += net::percent_encode(member(parameter, "name", Type::string).text()) + "=";
    const ExactJson* value = parameter.find("value");
    if (value != nullptr) body += net::percent_encode(value->text());
  }
  step_.body = std::move(body);
}

std::optional<Step> EntryReader::read() {
  if (entry_.type() != Type::object) refuse("not an object");
  const ExactJson& request = member(entry_, "request", Type::object);
  if (!split_url(member(request, "url", Type::string).text())) return std::nullopt;
  step_.method = member(request, "method", Type::string).text();
  step_.templates = false;
  take_headers(member(request, "headers", Type::array));
  if (const ExactJson* post_data = request.find("postData");
      post_data != nullptr && post_data->type() == Type::object) {
    take_body(*post_data);
  }
  try {
    net::request_head({}, {.method = step_.method, .target = step_.path});
  } catch (const InputError& error) {
    refuse(error.what());
  }
  return std::move(step_);
}

}  // namespace

std::vector<Step> steps_of_har(const std::string& file, const ExactJson& document) {
  const ExactJson* entries = document.at_pointer("/log/entries");
  if (entries == nullptr || entries->type() != Type::array) {
    throw InputError(fmt::format("{}: a HAR file has an array at log.entries", file));
  }
  if (entries->items().size() > most_steps) throw InputError(fmt::format("{}: more than {} entries", file, most_steps));
  std::vector<Step> steps;
  std::string origin;
  for (std::size_t i = 0; i < entries->items().size(); ++i) {
    const std::string location = fmt::format("{}: log.entries[{}]", file, i);
    EntryReader reader(location, entries->items()[i]);
    auto step = reader.read();
    if (!step) continue;
    if (origin.empty()) origin = reader.origin();
    if (reader.origin() != origin) {
      throw InputError(fmt::format("{}: this request went to {}, earlier ones to {}; keep one service's entries only",
                                   location, printable(reader.origin(), 100), printable(origin, 100)));
    }
    steps.push_back(std::move(*step));
  }
  return steps;
}

}  // namespace sluice::scenario
