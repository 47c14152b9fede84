#include <webp/encode.h>

#include <cstdlib>

#include "fuzz_targets.h"
#include "steer/codes/binary_fields.h"
#include "steer/codes/code_file.h"
#include "steer/codes/code_index.h"
#include "steer/codes/small_priors.h"
#include "steer/core/checkpoint.h"
#include "steer/core/files.h"
#include "steer/core/json.h"
#include "steer/core/seed_list.h"
#include "steer/core/tensors.h"
#include "steer/data/archives.h"
#include "steer/image/cifar.h"
#include "steer/image/folders.h"
#include "steer/image/idx.h"
#include "steer/molecule/molecule_arrays.h"
#include "steer/molecule/pdb.h"
#include "steer/molecule/sdf.h"
#include "steer/molecule/xtb.h"
#include "steer/molecule/xyz.h"
#include "steer/objectives/syntax.h"
#include "steer/picture/images.h"
#include "steer/picture/png_texts.h"
#include "steer/points/point_files.h"
#include "steer/sound/sound_files.h"
#include "steer/testing/test_files.h"
#include "steer/text/tokenizer_files.h"

namespace steer {
namespace {

using Bytes = std::vector<std::string>;

// Larger pictures only make a run slower.
constexpr int64_t kMostFuzzedPixels = 1 << 20;

void read_picture(std::string_view bytes) {
  const Tensor picture = decode_bytes(bytes, "input", 0);
  if (picture.numel() <= kMostFuzzedPixels) decode_layers(bytes, "input", 3);
}

Tensor some_picture(int64_t channels) {
  return at::linspace(-1, 1, channels * 6 * 5).view({channels, 6, 5});
}

Bytes png_seeds() {
  const PngText text{"steer", "{\"version\": 1}", false}, latin{"Comment", "some words", true};
  return {encode_png(some_picture(1)), encode_png(some_picture(3), {text, latin})};
}

Bytes jpeg_seeds() {
  Bytes seeds;
  for (int channels : {1, 3, 4})
    seeds.push_back(
        jpeg_bytes(std::vector<uint8_t>(static_cast<size_t>(9 * 8 * channels), 77), 9, 8, channels));
  return seeds;
}

Bytes webp_seeds() {
  Bytes seeds;
  const std::vector<uint8_t> pixels(9 * 8 * 4, 99);
  for (const bool lossless : {true, false}) {
    uint8_t* memory = nullptr;
    const size_t size = lossless ? WebPEncodeLosslessRGBA(pixels.data(), 8, 9, 32, &memory)
                                 : WebPEncodeRGBA(pixels.data(), 8, 9, 32, 50, &memory);
    seeds.emplace_back(reinterpret_cast<char*>(memory), size);
    WebPFree(memory);
  }
  return seeds;
}

void read_texts(std::string_view bytes) {
  decode_png_texts(bytes, "input");
}

// The archive as a data set of pictures.
void read_pictures_in(const std::string& path) {
  FolderOptions options;
  options.size = 8, options.channels = 3;
  read_pictures(path, options);
}

void read_zip(std::string_view bytes) {
  read_pictures_in(fuzz_file(bytes, ".zip"));
}
void read_tar(std::string_view bytes) {
  read_pictures_in(fuzz_file(bytes, ".tar"));
}
void read_tgz(std::string_view bytes) {
  read_pictures_in(fuzz_file(bytes, ".tgz"));
}

Bytes archive_seeds(const std::string& ending) {
  const Bytes pictures = png_seeds();
  const std::string path = fuzz_folder() + "/seed" + ending;
  write_archive(path, {{"ant/1.png", pictures[0]}, {"bee/2.png", pictures[1]}, {"readme.txt", "words"}});
  return {read_file(path)};
}
Bytes zip_seeds() {
  return archive_seeds(".zip");
}
Bytes tar_seeds() {
  return archive_seeds(".tar");
}
Bytes tgz_seeds() {
  Bytes seeds = archive_seeds(".tar.gz");
  return seeds;
}

void read_idx_bytes(std::string_view bytes) {
  read_idx(fuzz_file(bytes, ".idx"));
}

Bytes idx_seeds() {
  const std::string plain = idx_bytes({2, 3, 3}, std::string(18, 'x'));
  const std::string path = fuzz_folder() + "/seed.gz";
  write_gzip(path, plain);
  return {plain, idx_bytes({4}, "abcd"), read_file(path),
          idx_bytes({576875631, 1667986210, 16777216, 0}, "")};
}

void read_cifar_bytes(std::string_view bytes) {
  const std::string folder = fuzz_folder() + "/cifar", file = folder + "/data_batch_1.bin";
  std::filesystem::create_directories(folder);
  std::ofstream(file, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  read_cifar(folder, "train");
}

Bytes cifar_seeds() {
  return {std::string(1, '\3') + std::string(3072, 'x') + std::string(1, '\7') + std::string(3072, 'y')};
}

void read_npy(std::string_view bytes) {
  points_from_npy(bytes, "input");
}

Bytes npy_seeds() {
  std::string head = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }";
  head.append(118 - head.size() - 1, ' ');
  head += '\n';
  const std::string start("\x93NUMPY\x01\x00\x76\x00", 10), shape = "'shape': (2, 2)";
  std::string without = head;
  without.replace(without.find(shape), shape.size(), "'shape':,      ");
  return {start + head + std::string(16, '\0'), start + without + std::string(16, '\0')};
}

void read_csv(std::string_view bytes) {
  points_from_csv(bytes, "input");
}

Bytes csv_seeds() {
  return {"x,y,label\n0.5,1,0\n-2,3e-1,1\n", "1 2\n3 4\n", "# words\n1;2;3\n"};
}

Molecule small_molecule() {
  Molecule water;
  water.number = {8, 1, 1}, water.position = {{0, 0, 0}, {0.96, 0, 0}, {-0.24, 0.93, 0}};
  water.bonds = {{0, 1, 1}, {0, 2, 1}};
  return water;
}

void read_xyz_bytes(std::string_view bytes) {
  molecules_from_xyz(bytes, "input");
}

Bytes xyz_seeds() {
  return {xyz_text({small_molecule(), small_molecule()}),
          "2\nProperties=pos:R:3:species:S:1\n0 0 1e-1 C\n1.0D-06 0 -8.4*^-6 o\n"};
}

void read_sdf_bytes(std::string_view bytes) {
  molecules_from_sdf(bytes, "input");
}

Bytes sdf_seeds() {
  return {sdf_text({small_molecule(), small_molecule()})};
}

void read_pdb_bytes(std::string_view bytes) {
  molecules_from_pdb(bytes, "input");
}

Bytes pdb_seeds() {
  return {pdb_text({small_molecule()})};
}

void read_arrays(std::string_view bytes) {
  array_from_npy(bytes, "input");
}

void read_xtb_json(std::string_view bytes) {
  properties_from_xtb(std::string(bytes));
}

Bytes xtb_seeds() {
  return {R"({"total energy": -5, "dipole": [0.5, 0.7, 0], "orbital energies/eV": [-12, 2],
    "fractional occupation": [2.0, 0.0]})"};
}

void read_sound_bytes(std::string_view bytes) {
  sound_from_bytes(bytes, "input.wav");
}

Bytes sound_seeds() {
  const Sound sound{at::linspace(-1, 1, 64).view({2, 32}), 8000};
  Bytes seeds;
  for (const char* bits : {"16", "24", "float"}) seeds.push_back(encode_sound(sound, "x.wav", bits).bytes);
  seeds.push_back(encode_sound(sound, "x.flac").bytes);
  seeds.push_back(encode_sound(sound, "x.ogg").bytes);
  return seeds;
}

void read_safetensors(std::string_view bytes) {
  const std::string path = fuzz_file(bytes, ".safetensors");
  read_checkpoint_header(path);
  read_checkpoint(path);
}

Bytes safetensors_seeds() {
  const std::string path = fuzz_folder() + "/seed.safetensors";
  write_checkpoint(path, {{{"a", at::ones({2, 3})}, {"b", at::zeros({2}, torch::kBool)}}, {{"k", "v"}}});
  return {read_file(path)};
}

// With its checksum set right, so that not every damage ends there.
std::string summed(std::string_view bytes) {
  std::string right(bytes.substr(0, bytes.size() < kSumBytes ? 0 : bytes.size() - kSumBytes));
  append_checksum(right);
  return right;
}

const Prior& fuzz_prior() {
  static const Prior prior = small_prior({3, 3, 5}, 11);
  return prior;
}

void read_code_file(std::string_view bytes) {
  read_codes(summed(bytes), "input", &fuzz_prior());
}

CodeFile some_codes(Coder coder) {
  return {coder, 11, {3, 3, 5}, at::tensor({0, 1, 2, 2, 0, 4, 1, 1, 3}, torch::kInt64).view({3, 3})};
}

Bytes code_seeds() {
  return {write_codes(some_codes(Coder::kPacked)), write_codes(some_codes(Coder::kAdaptive)),
          write_codes(some_codes(Coder::kPrior), &fuzz_prior())};
}

void read_prior_bytes(std::string_view bytes) {
  read_prior(fuzz_file(bytes, ".prior"));
}

Bytes prior_seeds() {
  const std::string path = fuzz_folder() + "/seed.prior";
  write_prior(path, fuzz_prior(), "{}");
  return {read_file(path)};
}

// The tokenizer of another program, and what it makes of a text.
void read_tokenizer_bytes(std::string_view bytes) {
  const Tokenizer read = read_tokenizer(fuzz_file(bytes, ".json"));
  const std::string text = "ab<end>baab";
  if (read.decode(read.encode(text)) != text) std::abort();
}

Bytes tokenizer_seeds() {
  const std::string head =
      R"({"added_tokens": [{"id": 3, "content": "<end>"}], "model": {"type": "BPE", "vocab": {"a": 0, "b": 1,)"
      R"( "ab": 2}, "merges": )";
  const std::string split =
      R"({"type": "Split", "pattern": {"Regex": "[a-z]+"}, "behavior": "Isolated", "invert": false})";
  const std::string bytes = R"({"type": "ByteLevel", "add_prefix_space": false, "use_regex": false})";
  return {head + R"(["a b"]}, "pre_tokenizer": )" + bytes + "}",
          head + R"([["a", "b"]]}, "pre_tokenizer": {"type": "Sequence", "pretokenizers": [)" + split + ", " +
              bytes + "]}}"};
}

void read_index_bytes(std::string_view bytes) {
  read_index(summed(bytes), "input");
}

Bytes index_seeds() {
  CodeIndex index;
  index.codes = some_codes(Coder::kAdaptive);
  index.sketch = at::full({3, 1, 2, 2}, 7, torch::kUInt8);
  index.data = "shapes", index.split = "train", index.fit = "pad";
  return {write_index(index)};
}

void read_json(std::string_view bytes) {
  parse_json(bytes, "input").dump();
}

Bytes json_seeds() {
  return {R"({"a": [1, -2.5e3, true, null], "b": {"c": "é\n\u00e9"}})", "[[[[]]]]"};
}

void read_words(std::string_view bytes) {
  for (const Call& call : parse_objective(std::string(bytes))) to_text(call);
}

Bytes words_seeds() {
  return {"2*inpaint(x.png, mask=left) + classifier('a b.pt', label=3)",
          "2*rank(0.5*edges(x.png, k=1) + tv())"};
}

void read_seeds(std::string_view bytes) {
  parse_seed_list(bytes);
}

Bytes seed_list_seeds() {
  return {"3,7,20:30", "-5:7"};
}

}  // namespace

std::vector<FuzzTarget> reader_targets() {
  return {{"png", read_picture, png_seeds},
          {"jpeg", read_picture, jpeg_seeds},
          {"webp", read_picture, webp_seeds},
          {"png_texts", read_texts, png_seeds},
          {"zip", read_zip, zip_seeds},
          {"tar", read_tar, tar_seeds},
          {"tgz", read_tgz, tgz_seeds},
          {"idx", read_idx_bytes, idx_seeds},
          {"cifar", read_cifar_bytes, cifar_seeds},
          {"npy", read_npy, npy_seeds},
          {"csv", read_csv, csv_seeds},
          {"xyz", read_xyz_bytes, xyz_seeds},
          {"sdf", read_sdf_bytes, sdf_seeds},
          {"pdb", read_pdb_bytes, pdb_seeds},
          {"arrays", read_arrays, npy_seeds},
          {"xtb", read_xtb_json, xtb_seeds},
          {"sound", read_sound_bytes, sound_seeds},
          {"safetensors", read_safetensors, safetensors_seeds},
          {"codes", read_code_file, code_seeds},
          {"prior", read_prior_bytes, prior_seeds},
          {"index", read_index_bytes, index_seeds},
          {"json", read_json, json_seeds},
          {"tokenizer", read_tokenizer_bytes, tokenizer_seeds},
          {"words", read_words, words_seeds},
          {"seeds", read_seeds, seed_list_seeds}};
}

}  // namespace steer
