#pragma once
#include <atomic>
#include <memory>
#include <optional>

#include "harness/services/service.hpp"

namespace sluice::services {

/// A private PostgreSQL cluster: its data in the run's folder, reachable over a unix socket only, run directly so that
/// its process is the one we watch. As root it runs as the user `postgres`, or `nobody` where that does not exist.
class PostgresService final : public Service {
 public:
  PostgresService(const plan::ServiceSpec& spec, const ServiceEnvironment& environment);
  ~PostgresService() override { stop(); }

  std::map<std::string, std::string> attributes() const override;
  void start(std::stop_token stop) override;
  void stop() noexcept override;
  void signal(int signal) override;
  std::optional<std::string> died() const override;
  std::string probe() override;
  std::filesystem::path log() const override { return log_; }
  std::filesystem::path program() const override { return binaries_ / "postgres"; }

 private:
  void prepare_folders();
  void initialise(std::stop_token stop);
  void spawn_server();
  void create_databases();
  std::vector<std::string> server_command() const;
  /// Empty when `database` answers SELECT 1.
  std::string ask(const std::string& database) const;

  plan::ServiceSpec spec_;
  Parameters parameters_;  ///< references filled, from start() on
  const ServiceEnvironment& environment_;
  std::filesystem::path binaries_;
  std::filesystem::path folder_;
  std::filesystem::path log_;
  std::optional<RunAs> run_as_;
  std::unique_ptr<ChildProcess> child_;
  std::atomic<bool> stopping_ = false;  ///< read on the host's thread too
};

}  // namespace sluice::services
