// The library's side of tests/parity/tokenizers.sh, one JSON to stdout: `learn TEXT SIZE` the pieces that a
// tokenizer learns, as letters; `read FOLDER TEXT` the tokens of a text by the tokenizer in a folder.
#include <iostream>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/json.h"
#include "steer/text/tokenizer_files.h"

int main(int argc, char** argv) try {
  using namespace steer;
  STEER_CHECK(argc == 4, "usage: parity_text learn TEXT SIZE | read FOLDER TEXT");
  const std::string what = argv[1];
  if (what == "learn")
    std::cout << json_text(Tokenizer::learned(read_file(argv[2]), std::stoll(argv[3])).json().at("pieces"));
  else
    std::cout << json_text(Json(read_tokenizer(argv[2]).encode(read_file(argv[3]))));
  return 0;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
