// The library's side of tests/parity/tokenizers.sh, one JSON to stdout: `learn TEXT SIZE` the pieces that a
// tokenizer learns, as letters; `read FOLDER TEXT` the tokens of a text by the tokenizer in a folder. Of
// tests/parity/transformers.sh: `logits FOLDER TOKENS`, TOKENS a safetensors file with tokens [B, T] and, for
// networks that are told a noise level, noise [B]: those of the transformer in a folder, to TOKENS.out.
#include <iostream>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/json.h"
#include "steer/models/ar_model.h"
#include "steer/models/text_import.h"
#include "steer/models/text_model.h"
#include "steer/text/tokenizer_files.h"

namespace {

void write_logits(const std::string& folder, const std::string& path) {
  using namespace steer;
  const auto model = import_text(folder);
  const Checkpoint given = read_checkpoint(path);
  TokenContext context;
  const auto* ar = dynamic_cast<const ArModel*>(model.get());
  if (ar) context.sight.kind = "causal";
  if (given.tensors.count("noise")) context.noise = given.tensors.at("noise");
  const Transformer& network = ar ? ar->network() : dynamic_cast<const TextModel&>(*model).network();
  Checkpoint made;
  made.tensors["logits"] = network->forward(given.tensors.at("tokens"), context).detach();
  write_checkpoint(path + ".out", made);
}

}  // namespace

int main(int argc, char** argv) try {
  using namespace steer;
  STEER_CHECK(argc == 4, "usage: parity_text learn TEXT SIZE | read FOLDER TEXT | logits FOLDER TOKENS");
  const std::string what = argv[1];
  if (what == "learn")
    std::cout << json_text(Tokenizer::learned(read_file(argv[2]), std::stoll(argv[3])).json().at("pieces"));
  else if (what == "logits")
    write_logits(argv[2], argv[3]);
  else
    std::cout << json_text(Json(read_tokenizer(argv[2]).encode(read_file(argv[3]))));
  return 0;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
