#pragma once
#include "harness/services/readiness.hpp"

// Private to this folder: the conditions of `ready:` that go beyond a service's own address.
namespace sluice::services {

/// `command` must exit with 0; bounded to five seconds.
Probe command_probe(std::vector<std::string> command, ProbeContext context);

/// `query` must return a row of `store`.
Probe sql_probe(std::string store, std::string query, std::filesystem::path directory);

}  // namespace sluice::services
