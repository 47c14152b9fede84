#include "steer/work/coded_files.h"

#include <gtest/gtest.h>

#include "steer/picture/images.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"
#include "steer/work/encoding.h"
#include "steer/work/small_codecs.h"

namespace steer {
namespace {

EncodingOptions shapes_to_encode(int64_t count) {
  EncodingOptions options;
  options.source.data = "shapes";
  options.source.count = count;
  return options;
}

DecodingOptions file_to_decode(const std::string& path) {
  DecodingOptions options;
  options.codes = path;
  return options;
}

TEST(CodedFiles, GiveBackWhatTheCodesSay) {
  const TemporaryFolder folder;
  const LoadedModel loaded = loaded_ddn();
  for (const char* coder : {"packed", "adaptive"}) {
    EncodingOptions options = shapes_to_encode(5);
    options.coder = coder;
    const Encoding encoding = encode_source(loaded, options);
    EXPECT_EQ(encoding.samples, 5);
    EXPECT_DOUBLE_EQ(encoding.file_bits, 8.0 * static_cast<double>(encoding.bytes.size()) / 5);
    EXPECT_EQ(encoding.figures["coder"], coder);
    const Decoding decoding = decode_file(loaded, file_to_decode(folder.put("a.ddn", encoding.bytes)));
    EXPECT_EQ(decoding.held, 5);
    const State truth = load_samples("shapes", "test", "", loaded.model->space(), 5).state;
    const Encoded made = encode_all(as_codec(loaded, "test"), truth, 64, 1, torch::kCPU);
    EXPECT_TRUE(torch::allclose(decoding.samples.x, made.state.x.clamp(-1, 1), 1e-5, 1e-5));
    EXPECT_NEAR(encoding.mse, made.error.select(1, -1).mean().item<double>(), 1e-6);
  }
}

TEST(CodedFiles, OneSampleStandsAloneInItsPicture) {
  const TemporaryFolder folder;
  const LoadedModel loaded = loaded_ddn();
  const std::string path = folder.put("a.ddn", encode_source(loaded, shapes_to_encode(3)).bytes);
  DecodingOptions options = file_to_decode(path);
  const Tensor all = decode_file(loaded, options).samples.x;
  options.index = 2;
  const Decoding one = decode_file(loaded, options);
  EXPECT_EQ(one.samples.size(), 1);
  EXPECT_EQ(one.picture.sizes(), (std::vector<int64_t>{1, 8, 8}));
  EXPECT_TRUE(torch::allclose(one.picture, all[2], 1e-5, 1e-5));
  options.index = 3;
  EXPECT_NE(refusal([&] { decode_file(loaded, options); }).find("expected 0 to 2 but got 3"),
            std::string::npos);
}

TEST(CodedFiles, AConditionalModelIsToldTheSameAgain) {
  const TemporaryFolder folder;
  const LoadedModel loaded = loaded_class_ddn();
  const std::string path = folder.put("a.ddn", encode_source(loaded, shapes_to_encode(4)).bytes);
  DecodingOptions options = file_to_decode(path);
  EXPECT_NE(refusal([&] { decode_file(loaded, options); }).find("expected --label"), std::string::npos);
  options.data = "shapes";
  const Tensor told = decode_file(loaded, options).samples.x;
  options.data = "";
  options.telling.label = "0";
  EXPECT_FALSE(torch::allclose(decode_file(loaded, options).samples.x, told, 1e-4, 1e-4));
}

TEST(CodedFiles, ForeignFilesAndMissingPriorsAreRefused) {
  const TemporaryFolder folder;
  const LoadedModel loaded = loaded_ddn();
  const std::string foreign = folder.put("a.ddn", "no codes at all");
  EXPECT_NE(refusal([&] { decode_file(loaded, file_to_decode(foreign)); }).find("a.ddn"), std::string::npos);
  const std::string other =
      folder.put("b.ddn", encode_source(loaded_ddn("recurrent"), shapes_to_encode(1)).bytes);
  EXPECT_NE(
      refusal([&] { decode_file(loaded, file_to_decode(other)); }).find("b.ddn: expected codes of the model"),
      std::string::npos);
  EncodingOptions options = shapes_to_encode(1);
  options.coder = "prior";
  options.run = folder / "model.safetensors";
  EXPECT_NE(refusal([&] { encode_source(loaded, options); }).find("there is none"), std::string::npos);
}

}  // namespace
}  // namespace steer
