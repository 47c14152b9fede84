#include "steer/core/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/testing/mutations.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

using testing::HasSubstr;
using torch::Tensor;

// A file with the given header text and data, whatever they say.
std::string file_bytes(const std::string& header, const std::string& data) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(header.size() >> (8 * i));
  return bytes + header + data;
}

// Why the bytes are refused; both readers agree unless only the data are at fault.
std::string checkpoint_refusal(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;  // not flushed to the disk, as write_file would
  const std::string header_fault = refusal([&] { read_checkpoint_header(path); });
  const std::string fault = refusal([&] { read_checkpoint(path); });
  EXPECT_TRUE(header_fault == fault || header_fault == "accepted") << header_fault << "\n" << fault;
  if (fault != "accepted") {
    EXPECT_THAT(fault, HasSubstr(path + ": expected "));
  }
  return fault;
}

TEST(Checkpoint, HasTheBytesOfTheFormat) {
  // Golden: written out by hand from the format's description; 1.0f is 0x3F800000, -2.0f is 0xC0000000.
  const TemporaryFolder folder;
  write_checkpoint(folder / "x", {{{"a", torch::tensor({1.0f, -2.0f})}}, {{"k", "v"}}});
  const std::string header =
      R"({"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} )";
  ASSERT_EQ(header.size(), 80u);
  const std::string golden =
      std::string("\x50\0\0\0\0\0\0\0", 8) + header + std::string("\0\0\x80\x3F\0\0\0\xC0", 8);
  EXPECT_EQ(read_file(folder / "x"), golden);
}

TEST(Checkpoint, EveryTypeComesBack) {
  const TemporaryFolder folder;
  Checkpoint written;
  const Tensor values = torch::tensor({0.0, 1.0, 3.0, 100.0, -7.5, 0.25}).view({2, 3});
  for (auto dtype : {torch::kFloat64, torch::kFloat32, torch::kFloat16, torch::kBFloat16, torch::kInt64,
                     torch::kInt32, torch::kInt16, torch::kInt8, torch::kBool})
    written.tensors[c10::toString(dtype)] = values.to(dtype);
  written.tensors["byte"] = torch::arange(256).to(torch::kUInt8);
  written.tensors["scalar"] = torch::tensor(2.5);
  written.tensors["empty"] = torch::empty({3, 0, 2});
  written.tensors["turned"] = values.t();
  written.tensors["läyer \"1\"\n"] = torch::ones({1, 1, 1}).requires_grad_();
  written.metadata = {{"options", "{\"a\": 1}"}, {"", "ü\n"}};
  write_checkpoint(folder / "x", written);

  const Checkpoint read = read_checkpoint(folder / "x");
  const CheckpointHeader header = read_checkpoint_header(folder / "x");
  EXPECT_EQ(read.metadata, written.metadata);
  EXPECT_EQ(header.metadata, written.metadata);
  ASSERT_EQ(read.tensors.size(), written.tensors.size());
  for (const auto& [name, tensor] : written.tensors) {
    ASSERT_EQ(read.tensors.count(name), 1u) << name;
    EXPECT_EQ(read.tensors.at(name).scalar_type(), tensor.scalar_type()) << name;
    EXPECT_TRUE(torch::equal(read.tensors.at(name), tensor)) << name;
    EXPECT_EQ(header.tensors.at(name).dtype, tensor.scalar_type());
    EXPECT_EQ(header.tensors.at(name).shape, tensor.sizes().vec());
  }
  // The same content gives the same bytes.
  write_checkpoint(folder / "y", read);
  EXPECT_EQ(read_file(folder / "x"), read_file(folder / "y"));
}

TEST(Checkpoint, AnEmptyOneComesBack) {
  const TemporaryFolder folder;
  write_checkpoint(folder / "x", {});
  EXPECT_EQ(read_file(folder / "x"), file_bytes("{}      ", ""));
  EXPECT_TRUE(read_checkpoint(folder / "x").tensors.empty());
}

TEST(Checkpoint, WritingRefusesWhatTheFormatCannotHold) {
  const TemporaryFolder folder;
  const Tensor one = torch::ones({1});
  for (const Checkpoint& checkpoint :
       {Checkpoint{{{"a", torch::ones({1}, torch::kComplexFloat)}}, {}}, Checkpoint{{{"a", Tensor()}}, {}},
        Checkpoint{{{"a", one.to_sparse()}}, {}}, Checkpoint{{{"__metadata__", one}}, {}},
        Checkpoint{{{"\xff", one}}, {}}, Checkpoint{{{"a", one}}, {{"k", "\xff"}}}})
    EXPECT_THROW(write_checkpoint(folder / "x", checkpoint), Error);
  EXPECT_FALSE(std::filesystem::exists(folder / "x"));
}

TEST(Checkpoint, TruncationAtEveryByteIsRefused) {
  const TemporaryFolder folder;
  write_checkpoint(folder / "x",
                   {{{"a", torch::ones({3})}, {"b", torch::zeros({5}, torch::kBool)}}, {{"step", "7"}}});
  const std::string whole = read_file(folder / "x");
  EXPECT_EQ(checkpoint_refusal(folder / "y", whole), "accepted");
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_NE(checkpoint_refusal(folder / "y", whole.substr(0, size)), "accepted") << size;
  EXPECT_THAT(checkpoint_refusal(folder / "y", whole + "x"), HasSubstr("bytes of data but got"));
}

TEST(Checkpoint, ChangingAnyHeaderByteNeverCrashes) {
  const TemporaryFolder folder;
  write_checkpoint(folder / "x", {{{"a", torch::ones({2})}, {"b", torch::ones({1})}}, {{"k", "v"}}});
  const std::string whole = read_file(folder / "x");
  for (size_t i = 0; i < whole.size(); ++i)
    for (char byte : {'\0', '\xff', '"', '{', '[', '9', '-', ' '}) {
      std::string changed = whole;
      changed[i] = byte;
      checkpoint_refusal(folder / "y", changed);
    }
}

TEST(Checkpoint, HostileHeadersAreRefusedWithTheirFault) {
  const TemporaryFolder folder;
  const auto tensor = [](const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return R"({"a":{"dtype":)" + dtype + R"(,"shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
  };
  const auto pair = [](const std::string& first, const std::string& second) {
    return R"({"a":{"dtype":"U8","shape":[2],"data_offsets":)" + first +
           R"(},"b":{"dtype":"U8","shape":[2],"data_offsets":)" + second + "}}";
  };
  const std::string data(4, '\1');
  ASSERT_EQ(checkpoint_refusal(folder / "x", file_bytes(tensor("\"F32\"", "[]", "[0,4]"), data)), "accepted");
  ASSERT_EQ(checkpoint_refusal(folder / "x", file_bytes(pair("[2,4]", "[0,2]"), data)), "accepted");
  const std::vector<std::pair<std::string, std::string>> table = {
      {"", "begins with {"},
      {"[]", "begins with {"},
      {" {}", "begins with {"},
      {"{", "parse error at line 1"},
      {"{}}", "parse error at line 1"},
      {std::string("{}\0", 3), "a zero byte at 2"},
      {"{\"\xff\":1}", "UTF-8"},
      {"{\"a\":" + std::string(1000000, '['), "nesting"},
      {R"({"a":1})", "dtype, shape and data_offsets for tensor \"a\""},
      {R"({"a":{"dtype":"F32","shape":[1]}})", "dtype, shape and data_offsets for tensor \"a\""},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1}})", "dtype, shape and data_offsets"},
      {R"({"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}})", "\"dtype\" twice"},
      {R"({"__metadata__":{},"__metadata__":{}})", "\"__metadata__\" twice"},
      {R"({"__metadata__":[]})", "an object for __metadata__ but got array"},
      {R"({"__metadata__":{"k":1}})", "a string for \"k\" in __metadata__ but got number"},
      {tensor("\"F8_E4M3\"", "[4]", "[0,4]"), "as dtype of tensor \"a\""},
      {tensor("7", "[4]", "[0,4]"), "as dtype of tensor \"a\""},
      {tensor("\"F32\"", "4", "[0,4]"), "a shape of at most 64 sizes"},
      {tensor(
           "\"U8\"",
           "[4" +
               [] {
                 std::string ones;
                 for (int i = 0; i < 64; ++i) ones += ",1";
                 return ones;
               }() +
               "]",
           "[0,4]"),
       "a shape of at most 64 sizes"},
      {tensor("\"U8\"", "[-4]", "[0,4]"), "sizes of 0 or more"},
      {tensor("\"U8\"", "[4.0]", "[0,4]"), "sizes of 0 or more"},
      {tensor("\"U8\"", "[\"4\"]", "[0,4]"), "sizes of 0 or more"},
      {tensor("\"U8\"", "[4294967296,4294967296,4]", "[0,0]"), "a product that fits"},
      {tensor("\"U8\"", "[0,4294967296,4294967296]", "[0,0]"), "a product that fits"},
      {tensor("\"U8\"", "[18446744073709551615]", "[0,4]"), "a product that fits"},
      {tensor("\"F32\"", "[4611686018427387905]", "[0,4]"), "a product that fits"},
      {tensor("\"F32\"", "[1]", "4"), "two data_offsets"},
      {tensor("\"F32\"", "[1]", "[0,4,4]"), "two data_offsets"},
      {tensor("\"F32\"", "[1]", "[-4,0]"), "two data_offsets"},
      {tensor("\"F32\"", "[1]", "[0,4.0]"), "two data_offsets"},
      {tensor("\"F32\"", "[1]", "[4,0]"), "within 4 bytes of data but got 4 to 0"},
      {tensor("\"F32\"", "[1]", "[1,5]"), "within 4 bytes of data but got 1 to 5"},
      {tensor("\"U8\"", "[0]", "[18446744073709551615,18446744073709551615]"), "within 4 bytes"},
      {tensor("\"F32\"", "[2]", "[0,4]"), "8 bytes for tensor \"a\" but got 4"},
      {tensor("\"U8\"", "[3]", "[1,4]"), "to begin at byte 0 of the data but got 1 (hole)"},
      {tensor("\"U8\"", "[3]", "[0,3]"), "3 bytes of data but got 4"},
      {pair("[0,2]", "[1,3]"), "tensor \"b\" to begin at byte 2 of the data but got 1 (overlap)"},
      {pair("[0,2]", "[0,2]"), "(overlap)"},
      {"{}", "0 bytes of data but got 4"},
  };
  for (const auto& [header, fault] : table)
    EXPECT_THAT(checkpoint_refusal(folder / "x", file_bytes(header, data)), HasSubstr(fault))
        << header.substr(0, 200);
  EXPECT_THAT(checkpoint_refusal(folder / "x", file_bytes(tensor("\"BOOL\"", "[4]", "[0,4]"), "\1\1\2\1")),
              HasSubstr("0 or 1"));
}

TEST(Checkpoint, HostileHeaderLengthsAreRefused) {
  const TemporaryFolder folder;
  EXPECT_THAT(checkpoint_refusal(folder / "x", std::string(8, '\xff') + "{}"),
              HasSubstr("not a safetensors file?"));
  EXPECT_THAT(checkpoint_refusal(folder / "x", std::string("\3\0\0\0\0\0\0\0{}", 10)), HasSubstr("cut off?"));
  EXPECT_THAT(checkpoint_refusal(folder / "x", ""), HasSubstr("only 0 bytes"));
  EXPECT_THROW(read_checkpoint(folder / "none"), Error);
  EXPECT_THROW(read_checkpoint(folder.path()), Error);
}

TEST(Checkpoint, DamagedFilesAreRefusedOrRead) {
  const TemporaryFolder folder;
  const std::string path = folder / "x";
  write_checkpoint(path, {{{"weight", torch::rand({3, 2})},
                           {"ok", torch::ones({5}, torch::kBool)},
                           {"none", torch::empty({0, 4})},
                           {"ä", torch::arange(3)}},
                          {{"format", "steer"}, {"options", "{\"a\":[1,2]}"}}});
  const std::string good = read_file(path);
  Random random(2025);
  int read = 0, refused = 0;
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 6000 && std::chrono::steady_clock::now() - begin < std::chrono::seconds(2); ++i)
    (checkpoint_refusal(path, damaged(good, random)) == "accepted" ? read : refused) += 1;
  EXPECT_GT(read, 0);
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace steer
