# Everything comes from Debian 12's packages; ci/setup installs them.
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS context url filesystem) # Asio, Beast, Process: services and network; URL: endpoints
find_package(OpenSSL REQUIRED)                           # SHA-256 of identities, TLS endpoints
find_package(SQLite3 REQUIRED)                           # the SQLite store and the ledger
find_package(nlohmann_json 3.11 REQUIRED)                # reports, corpora
find_package(CLI11 2.1 REQUIRED)                         # the command line
find_package(yaml-cpp 0.7 REQUIRED)                      # plans: the one YAML reader in Debian that keeps line and column
find_package(fmt 9 REQUIRED)                             # text formatting; g++ 12 has no std::format
find_package(pugixml REQUIRED)                           # JUnit XML is built as a tree, never by gluing strings
find_package(ZLIB REQUIRED)                              # gzip and deflate bodies must be searched, not skipped
find_package(PkgConfig REQUIRED)
pkg_check_modules(PQXX REQUIRED IMPORTED_TARGET libpqxx) # private clusters, fixtures
pkg_check_modules(LIBPQ REQUIRED IMPORTED_TARGET libpq)  # the PostgreSQL store: reads that can be cancelled and time out need its asynchronous calls
