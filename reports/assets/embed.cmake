# Writes OUTPUT, a C++ source that holds the text of INPUT as sluice::reports::NAME.
file(READ "${INPUT}" text)
string(FIND "${text}" ")asset\"" clash)
if(NOT clash EQUAL -1)
  message(FATAL_ERROR "${INPUT} holds the delimiter of the literal that it becomes")
endif()
file(WRITE "${OUTPUT}" "#include \"reports/page_assets.hpp\"

namespace sluice::reports {

const std::string_view ${NAME} = R\"asset(${text})asset\";

}  // namespace sluice::reports
")
