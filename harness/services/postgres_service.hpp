#pragma once
#include <atomic>
#include <memory>
#include <optional>

#include "harness/services/owned_service.hpp"
#include "harness/services/postgres_template.hpp"

namespace sluice::services {

/// A private PostgreSQL cluster: its data in the run's folder, in memory or on the disk (see why_on_disk), reachable
/// over a unix socket only, run directly so that its process is the one we watch. As root it runs as the user
/// `postgres`, or `nobody` where that does not exist. Started again, it keeps its data. One whose data has eaten up the
/// memory ends itself, and says so.
class PostgresService final : public OwnedService {
 public:
  PostgresService(const plan::ServiceSpec& spec, const ServiceEnvironment& environment);

  std::map<std::string, std::string> attributes() const override;
  void start(std::stop_token stop) override;
  std::optional<std::string> died() const override;
  std::filesystem::path program() const override { return binaries_ / "postgres"; }

 protected:
  std::string ask(std::stop_token stop) override;

 private:
  void choose_storage();
  void give_folder(const std::filesystem::path& folder) const;
  void end_before_memory_does();
  void spawn_server();
  void fill(std::stop_token stop);
  void create_databases();
  void create_extensions();
  void load_files(std::stop_token stop);
  std::vector<std::string> server_command() const;
  /// Empty when `database` answers SELECT 1.
  std::string ask_database(const std::string& database, std::stop_token stop) const;

  Parameters parameters_;     ///< references filled; set by the first start()
  bool initialised_ = false;  ///< its data and databases are there
  std::filesystem::path binaries_;
  std::filesystem::path folder_;  ///< its socket, and its data when that lies on the disk
  std::filesystem::path data_;    ///< set by the first start()
  bool in_memory_ = false;
  std::optional<RunAs> run_as_;
  PostgresTemplate template_;
  std::atomic<bool> outgrew_memory_ = false;
};

}  // namespace sluice::services
