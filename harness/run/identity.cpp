#include "harness/run/identity.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <fstream>
#include <memory>

namespace sluice::run {
namespace {

class Digest {
 public:
  Digest() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) { EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr); }
  void add(const char* bytes, std::size_t count) { EVP_DigestUpdate(context_.get(), bytes, count); }
  std::string finish() {
    std::array<unsigned char, 32> bytes{};
    EVP_DigestFinal_ex(context_.get(), bytes.data(), nullptr);
    return fmt::format("{:02x}", fmt::join(bytes, ""));
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

}  // namespace

std::string sha256(std::string_view bytes) {
  Digest digest;
  digest.add(bytes.data(), bytes.size());
  return digest.finish();
}

std::optional<Identity> identify(const std::string& name, const std::filesystem::path& file) {
  std::error_code failure;
  if (!std::filesystem::is_regular_file(file, failure)) return std::nullopt;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return std::nullopt;
  Digest digest;
  Identity identity{.name = name, .path = file.string(), .sha256 = {}, .bytes = 0};
  std::array<char, 64 << 10> buffer{};
  while (stream.read(buffer.data(), buffer.size()) || stream.gcount() > 0) {
    digest.add(buffer.data(), static_cast<std::size_t>(stream.gcount()));
    identity.bytes += static_cast<std::uint64_t>(stream.gcount());
  }
  identity.sha256 = digest.finish();
  return identity;
}

}  // namespace sluice::run
