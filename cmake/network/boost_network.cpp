// The compiled halves of Boost.Asio, Asio SSL, Beast and Process v2; see CMakeLists.txt beside this file.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
#include <boost/process/v2/src.hpp>
