#include "steer/codes/code_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <functional>

#include "steer/codes/signed_bytes.h"
#include "steer/codes/small_priors.h"
#include "steer/core/check.h"
#include "steer/testing/mutations.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

using testing::HasSubstr;

CodeFile tiny_codes(Coder coder) {
  CodeFile file;
  file.coder = coder;
  file.fingerprint = 0x1122334455667788;
  file.candidates = {4, 4, 300};
  file.code = torch::tensor({{1, 3, 299}, {0, 2, 7}}, torch::kInt64);
  return file;
}

// N codes whose index at each layer is floor(K u^skew), u uniform.
CodeFile drawn_codes(Coder coder, const std::vector<int64_t>& candidates, int64_t codes, double skew,
                     uint64_t seed) {
  Random random(seed);
  CodeFile file = {coder, seed, candidates,
                   at::empty({codes, static_cast<int64_t>(candidates.size())}, torch::kInt64)};
  int64_t* index = file.code.data_ptr<int64_t>();
  for (int64_t n = 0; n < codes; ++n)
    for (int64_t k : candidates)
      *index++ = static_cast<int64_t>(static_cast<double>(k) * std::pow(random.uniform(), skew));
  return file;
}

std::string code_refusal(const std::string& bytes, const Prior* prior = nullptr) {
  const std::string fault = refusal([&] { read_codes(bytes, "x.ddn", prior); });
  if (fault != "accepted") {
    EXPECT_THAT(fault, HasSubstr("] x.ddn: expected "));
  }
  return fault;
}

void expect_equal(const CodeFile& a, const CodeFile& b) {
  EXPECT_EQ(a.coder, b.coder);
  EXPECT_EQ(a.fingerprint, b.fingerprint);
  EXPECT_EQ(a.candidates, b.candidates);
  EXPECT_TRUE(torch::equal(a.code, b.code));
}

TEST(CodeFile, HasTheBytesOfTheFormat) {
  // Golden: from docs/code_format.md in a few lines of Python with whole numbers of any length.
  const std::string head(
      "\x89"
      "DDN\r\n\x1a\n\1\0",
      10);
  const std::string middle("\x88\x77\x66\x55\x44\x33\x22\x11\2\0\0\0\2\0", 14);
  const std::string runs("\2\0\3\0\1\0\x2b\1", 8);
  EXPECT_EQ(write_codes(tiny_codes(Coder::kPacked)), head + std::string("\0\0", 2) + middle +
                                                         std::string("\4\0\0\0", 4) + runs +
                                                         "\x79\x59\x01\xc0" + "\x46\x95\x7c\xad");
  EXPECT_EQ(write_codes(tiny_codes(Coder::kAdaptive)),
            head + std::string("\1\0", 2) + middle + std::string("\7\0\0\0", 4) + runs +
                std::string("\x7f\xf3\x73\x9e\x27\xb2\0", 7) + "\x37\xaa\x7d\x2a");
}

TEST(CodeFile, CodesComeBack) {
  for (Coder coder : {Coder::kPacked, Coder::kAdaptive}) {
    expect_equal(read_codes(write_codes(tiny_codes(coder)), "x"), tiny_codes(coder));
    uint64_t seed = 0;
    for (const std::vector<int64_t>& candidates : std::vector<std::vector<int64_t>>{
             {1}, {2}, {1, 1, 3, 1}, {65536, 40000, 32768, 9}, std::vector<int64_t>(127, 512)})
      for (int64_t codes : {1, 7, 300})
        for (double skew : {1.0, 6.0}) {
          const CodeFile file = drawn_codes(coder, candidates, codes, skew, ++seed);
          const std::string bytes = write_codes(file);
          expect_equal(read_codes(bytes, "x"), file);
          EXPECT_EQ(write_codes(file), bytes);
        }
  }
  CodeFile turned = tiny_codes(Coder::kAdaptive);
  turned.code = turned.code.t().contiguous().t();
  EXPECT_EQ(write_codes(turned), write_codes(tiny_codes(Coder::kAdaptive)));
}

TEST(CodeFile, AdaptiveIsSmallerWhereIndicesAreUneven) {
  const std::vector<int64_t> candidates(20, 64);
  const size_t packed = write_codes(drawn_codes(Coder::kPacked, candidates, 2000, 3, 1)).size();
  const size_t adaptive = write_codes(drawn_codes(Coder::kAdaptive, candidates, 2000, 3, 1)).size();
  // Indices of u^3 take about 1.3 bits less than even ones, which take 6.
  EXPECT_LT(static_cast<double>(adaptive), 0.85 * static_cast<double>(packed));
  // Even ones cost what learning costs.
  const size_t even = write_codes(drawn_codes(Coder::kAdaptive, candidates, 2000, 1, 1)).size();
  EXPECT_LT(static_cast<double>(even), 1.03 * static_cast<double>(packed));
}

TEST(CodeFile, EveryCutIsRefused) {
  for (Coder coder : {Coder::kPacked, Coder::kAdaptive}) {
    const std::string bytes = write_codes(drawn_codes(coder, {4, 300, 7}, 20, 2, 5));
    for (size_t size = 0; size < bytes.size(); ++size)
      EXPECT_NE(code_refusal(bytes.substr(0, size)), "accepted") << size;
    EXPECT_NE(code_refusal(bytes + '\0'), "accepted");
  }
}

TEST(CodeFile, EveryFlippedBitIsRefused) {
  for (Coder coder : {Coder::kPacked, Coder::kAdaptive}) {
    const std::string bytes = write_codes(drawn_codes(coder, {4, 300, 7}, 20, 2, 5));
    for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
      std::string flipped = bytes;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
      EXPECT_NE(code_refusal(flipped), "accepted") << bit;
    }
  }
}

TEST(CodeFile, FaultsAreNamed) {
  const std::string packed = write_codes(tiny_codes(Coder::kPacked)),
                    adaptive = write_codes(tiny_codes(Coder::kAdaptive));
  // The packed file with other bytes from `at` on, and a checksum that agrees.
  const auto with = [&](size_t at, const std::string& bytes) {
    std::string changed = packed;
    return code_refusal(signed_again(changed.replace(at, bytes.size(), bytes)));
  };
  EXPECT_THAT(code_refusal(""), HasSubstr("a file of codes but got another kind"));
  EXPECT_THAT(code_refusal("\x89PNG\r\n\x1a\n and so on"), HasSubstr("another kind"));
  EXPECT_THAT(code_refusal(packed.substr(0, 20)), HasSubstr("cut off?"));
  EXPECT_THAT(code_refusal(packed.substr(0, 40)), HasSubstr("expected 46 bytes but got 40 (cut off?)"));
  EXPECT_THAT(code_refusal(packed.substr(0, 45) + "x"), HasSubstr("damaged?"));
  EXPECT_THAT(with(8, "\3"), HasSubstr("format version 1 or 2 but got 3"));
  EXPECT_THAT(with(8, "\2"), HasSubstr("coder 2 but got 0"));
  EXPECT_THAT(with(10, "\7"), HasSubstr("coder 0 or 1 but got 7"));
  EXPECT_THAT(with(20, std::string("\0\0\0\0", 4)), HasSubstr("codes of 3 layers but got 0"));
  EXPECT_THAT(with(20, "\xff\xff\xff\xff"), HasSubstr("codes of 3 layers but got 4294967295"));
  EXPECT_THAT(with(20, "\3"), HasSubstr("5 bytes of packed indices but got 4"));
  EXPECT_THAT(with(30, std::string("\0\0", 2)), HasSubstr("more layers but got 0"));
  EXPECT_THAT(with(30, "\xff\xff"), HasSubstr("1 to 0 more layers but got 1"));
  EXPECT_THAT(with(30, "\xfe\xff\xff\xff"), HasSubstr("candidates in all layers"));
  EXPECT_THAT(with(36, std::string("\3\0", 2)), HasSubstr("to differ in their candidates"));
  EXPECT_THAT(with(38, "\x7f\xff"), HasSubstr("an index below 300 but got 511"));
  EXPECT_THAT(with(41, "\xc1"), HasSubstr("zeros after the last index"));
  std::string more = adaptive;
  more[20] = 9;
  EXPECT_THAT(code_refusal(signed_again(more)), HasSubstr("more than 7 bytes of code (cut off?)"));
}

TEST(CodeFile, WhatItCannotHoldIsNotWritten) {
  const auto changed = [](const std::function<void(CodeFile&)>& change) {
    CodeFile file = tiny_codes(Coder::kAdaptive);
    change(file);
    return file;
  };
  EXPECT_THROW(write_codes(changed([](CodeFile& f) { f.candidates.pop_back(); })), Error);
  EXPECT_THROW(write_codes(changed([](CodeFile& f) { f.candidates[2] = 299; })), Error);
  EXPECT_THROW(write_codes(changed([](CodeFile& f) { f.candidates[2] = 65537; })), Error);
  EXPECT_THROW(write_codes(changed([](CodeFile& f) { f.candidates[0] = 0; })), Error);
  EXPECT_THROW(write_codes(changed([](CodeFile& f) { f.code[0][0] = -1; })), Error);
  EXPECT_THROW(write_codes(changed([](CodeFile& f) { f.code = f.code.to(torch::kFloat32); })), Error);
  EXPECT_THROW(write_codes(changed([](CodeFile& f) { f.code = f.code.flatten(); })), Error);
  EXPECT_THROW(write_codes(changed([](CodeFile& f) { f.code = f.code.narrow(0, 0, 0); })), Error);
  EXPECT_THROW(write_codes(CodeFile()), Error);
}

TEST(CodeFile, DamagedFilesAreRefusedOrRead) {
  std::vector<std::string> seeds;
  for (Coder coder : {Coder::kPacked, Coder::kAdaptive}) {
    seeds.push_back(write_codes(tiny_codes(coder)));
    seeds.push_back(write_codes(drawn_codes(coder, {1, 8, 8, 8, 512, 3}, 30, 2, 1)));
  }
  Random random(2024);
  int read = 0, refused = 0;
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 6000 && std::chrono::steady_clock::now() - begin < std::chrono::seconds(2); ++i) {
    std::string bytes = damaged(seeds[random.below(seeds.size())], random);
    // Most go on behind the checksum.
    if (random.below(4)) bytes = signed_again(bytes);
    try {
      const CodeFile file = read_codes(bytes, "x");
      ++read;
      // What was read can be written and read again.
      expect_equal(read_codes(write_codes(file), "x"), file);
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(read, 0);
  EXPECT_GT(refused, 100);
}

CodeFile sampled(const Prior& prior, int64_t codes) {
  return {Coder::kPrior, prior.model(), prior.candidates(), prior.sample(sample_seeds(5, codes), 1)};
}

TEST(CodeFileByPrior, CodesComeBackAtThePriorsOwnSize) {
  for (const std::vector<int64_t>& candidates : std::vector<std::vector<int64_t>>{
           {1}, {2}, {1, 1, 3, 1}, {65536, 40000, 9}, std::vector<int64_t>(127, 64)}) {
    const Prior prior = small_prior(candidates, 77);
    for (int64_t codes : {1, 40}) {
      const CodeFile file = sampled(prior, codes);
      const std::string bytes = write_codes(file, &prior);
      expect_equal(read_codes(bytes, "x", &prior), file);
      EXPECT_EQ(coder_in(bytes, "x"), Coder::kPrior);
      // Head, prior, runs and checksum are not payload.
      const auto runs = static_cast<size_t>(static_cast<unsigned char>(bytes[24]));
      const double payload = 8.0 * static_cast<double>(bytes.size() - 30 - 8 - 4 * runs - 4);
      const double ideal = prior.bits(file.code).sum().item<double>();
      EXPECT_GE(payload, ideal - 1e-6);
      EXPECT_LE(payload, 1.001 * ideal + 40);
    }
  }
  // More codes than are walked through at once.
  const Prior prior = small_prior({3, 2}, 77);
  const CodeFile many = sampled(prior, 9000);
  expect_equal(read_codes(write_codes(many, &prior), "x", &prior), many);
}

TEST(CodeFileByPrior, WhatThePriorWasToldIsNeededAgain) {
  const Prior prior = small_prior({4, 4, 300}, 77, 1, 6, 3);
  const Tensor label = torch::tensor({2, 0, 1, 2}, torch::kInt64);
  CodeFile file{Coder::kPrior, 77, {4, 4, 300}, prior.sample(sample_seeds(1, 4), 1, label)};
  const std::string bytes = write_codes(file, &prior, label);
  expect_equal(read_codes(bytes, "x", &prior, label), file);
  EXPECT_THAT(code_refusal(bytes, &prior), HasSubstr("expected a label for each of 4 codes"));
  EXPECT_THROW(write_codes(file, &prior), Error);
  // Other labels give other codes, or a payload of another length, which is said.
  int told = 0;
  for (int64_t other = 0; other < 27; ++other) {
    const Tensor wrong = torch::tensor({other % 3, other / 3 % 3, other / 9, int64_t{0}}, torch::kInt64);
    try {
      EXPECT_FALSE(torch::equal(read_codes(bytes, "x", &prior, wrong).code, file.code));
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("told other labels"));
      ++told;
    }
  }
  EXPECT_GT(told, 0);
}

TEST(CodeFileByPrior, OnlyTheVeryPriorReadsIt) {
  const Prior prior = small_prior({4, 4, 300}, 77), other = small_prior({4, 4, 300}, 77, 2),
              foreign = small_prior({4, 4, 300}, 78);
  const CodeFile file = sampled(prior, 3);
  const std::string bytes = write_codes(file, &prior);
  EXPECT_THAT(code_refusal(bytes, nullptr),
              HasSubstr("the prior with fingerprint " + fingerprint_text(prior.fingerprint())));
  EXPECT_THAT(code_refusal(bytes, &other), HasSubstr("but got " + fingerprint_text(other.fingerprint())));
  EXPECT_THAT(code_refusal(bytes, &foreign), HasSubstr("but got"));
  EXPECT_THROW(write_codes(file), Error);
  EXPECT_THROW(write_codes(file, &foreign), Error);
}

TEST(CodeFileByPrior, CutsAndFlipsAreRefused) {
  const Prior prior = small_prior({4, 300, 7}, 77);
  const std::string bytes = write_codes(sampled(prior, 20), &prior);
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_NE(code_refusal(bytes.substr(0, size), &prior), "accepted") << size;
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    EXPECT_NE(code_refusal(flipped, &prior), "accepted") << bit;
  }
}

TEST(CodeFileByPrior, DamagedFilesAreRefusedOrRead) {
  const Prior prior = small_prior({1, 8, 8, 512, 3}, 77);
  const std::string whole = write_codes(sampled(prior, 30), &prior);
  Random random(2025);
  int read = 0, refused = 0;
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 4000 && std::chrono::steady_clock::now() - begin < std::chrono::seconds(2); ++i) {
    std::string bytes = damaged(whole, random);
    if (random.below(4)) bytes = signed_again(bytes);
    try {
      const CodeFile file = read_codes(bytes, "x", &prior);
      ++read;
      expect_equal(read_codes(write_codes(file, &prior), "x", &prior), file);
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(read, 0);
  EXPECT_GT(refused, 100);
}

TEST(Coder, WordsAndNamesAgree) {
  for (const char* word : {"packed", "adaptive", "prior"}) EXPECT_EQ(name(make_coder(word)), word);
  EXPECT_THROW(make_coder("huffman"), Error);
  EXPECT_EQ(fingerprint_text(0xab), "00000000000000ab");
}

}  // namespace
}  // namespace steer
