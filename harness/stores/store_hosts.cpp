#include "harness/stores/store_hosts.hpp"

#include <fmt/core.h>
#include <libpq-fe.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"
#include "harness/stores/store_url.hpp"

namespace sluice::stores {
namespace {

using Written = std::map<std::string, std::string>;  // by keyword

std::string value_of(const Written& written, const std::string& keyword) {
  const auto found = written.find(keyword);
  return found == written.end() ? "" : found->second;
}

std::string value_or_inherited(const Written& written, const std::string& keyword, const char* variable) {
  const std::string value = value_of(written, keyword);
  const char* const inherited = std::getenv(variable);
  return value.empty() && inherited != nullptr ? inherited : value;
}

Written options_of(const std::string& url) {
  struct Free {
    void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
  };
  char* why = nullptr;
  const std::unique_ptr<PQconninfoOption, Free> options(PQconninfoParse(url.c_str(), &why));
  const std::unique_ptr<char, decltype(&PQfreemem)> message(why, &PQfreemem);
  if (!options) throw InputError(fmt::format("'{}' is not a store's URL", printable(redact_url(url))));
  Written written;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) written[option->keyword] = option->val;
  }
  return written;
}

}  // namespace

std::vector<std::string> hosts_of(const std::string& url) {
  if (url.starts_with(sqlite_scheme)) return {};
  const auto written = options_of(url);
  // An address is where the connection goes; the name beside it is only compared with the server's certificate.
  std::string list = value_of(written, "hostaddr");
  if (list.empty()) {
    const std::string service = value_or_inherited(written, "service", "PGSERVICE");
    if (!service.empty()) return {"service " + service};
    list = value_or_inherited({}, "hostaddr", "PGHOSTADDR");
  }
  if (list.empty()) list = value_or_inherited(written, "host", "PGHOST");
  std::vector<std::string> hosts;
  for (std::size_t at = 0; at < list.size();) {
    const std::size_t end = std::min(list.find(',', at), list.size());
    const std::string host = list.substr(at, end - at);
    if (!host.empty() && host.front() != '/' && host.front() != '@') hosts.push_back(host);  // those are sockets
    at = end + 1;
  }
  return hosts;
}

}  // namespace sluice::stores
