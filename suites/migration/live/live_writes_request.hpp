#pragma once
#include <string>
#include <vector>

#include "harness/core/parameters.hpp"
#include "harness/net/http_client.hpp"
#include "suites/migration/live/write_ledger.hpp"

namespace sluice::migration {

/// A request with {nonce}, {value}, {user}, {key}, {number} and {id} in its path, headers and body. In a delete,
/// {nonce}, {value} and {id} are those of the write that it takes away.
class WriteTemplate {
 public:
  WriteTemplate() = default;
  /// Of the parameter `write`, `delete` or `read`; throws InputError that names it.
  WriteTemplate(const Parameters& written, const std::string& name);

  /// The values go in percent-encoded into the path and a form, as JSON text into JSON, as they are elsewhere.
  net::Request render(const WriteRecord& write) const;
  /// Whether the request carries this placeholder: "value".
  bool carries(const std::string& placeholder) const;

 private:
  std::string method_, path_, body_;
  std::vector<net::Header> headers_;
};

/// The parameters of a record that WriteTemplate reads, for the declaration.
std::vector<ParameterSpec> request_fields(const std::string& default_method, const std::string& example);

/// What {value} stands for in this write: its nonce, and after it characters that migrations damage.
std::string value_of(const std::string& nonce, std::uint64_t number);

}  // namespace sluice::migration
