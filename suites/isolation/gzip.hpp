#pragma once
#include <string>
#include <string_view>

namespace sluice::isolation {

/// `bytes` as one gzip member (RFC 1952), for planting.
std::string gzip(std::string_view bytes);

}  // namespace sluice::isolation
