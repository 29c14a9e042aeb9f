#pragma once
#include <string>
#include <vector>

namespace sluice::stores {

/// The hosts that opening a store's URL may connect to, as names or addresses: those that the URL names, or, where it
/// names none, those of PGHOSTADDR and PGHOST. Empty for what is on this machine without a network: an SQLite file, a
/// server's socket. A connection service counts as the host "service NAME", as only the server's files say where it
/// leads. Throws InputError when it is no URL of a store.
std::vector<std::string> hosts_of(const std::string& url);

}  // namespace sluice::stores
