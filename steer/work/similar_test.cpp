#include "steer/work/similar.h"

#include <gtest/gtest.h>

#include "steer/picture/images.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"
#include "steer/work/encoding.h"
#include "steer/work/samples.h"
#include "steer/work/small_codecs.h"

namespace steer {
namespace {

CodeIndex shapes_index(const LoadedModel& loaded, int64_t count) {
  IndexOptions options;
  options.data = "shapes";
  options.split = "test";
  options.count = count;
  return index_of(loaded, options);
}

TEST(Similar, ASampleOfTheIndexIsFoundFirst) {
  const TemporaryFolder folder;
  const LoadedModel loaded = loaded_ddn();
  const CodeIndex index = shapes_index(loaded, 9);
  EXPECT_EQ(index.sketch.sizes(), (std::vector<int64_t>{9, 1, 8, 8}));
  const State all = load_samples("shapes", "test", "", loaded.model->space(), 9).state;
  const std::string path = folder / "query.png";
  write_png(path, all.x[4]);
  SimilarOptions options;
  options.by = "prefix";
  options.neighbours = 3;
  const SimilarSamples similar = similar_to_files(loaded, index, "a.idx", {path}, "", options);
  ASSERT_EQ(similar.found.size(), 3u);
  // Its own code shares all layers, as may another's that is the same.
  EXPECT_EQ(similar.found[0].prefix, 6);
  const Tensor codes = index.codes.code;
  EXPECT_TRUE(torch::equal(codes[similar.found[0].row], codes[4]));
  EXPECT_EQ(similar.found[0].query, path);
  EXPECT_EQ(similar.picture.size(2), 2 + 4 * 10);
}

TEST(Similar, MoreNeighboursThanThereAreIsAll) {
  const TemporaryFolder folder;
  const LoadedModel loaded = loaded_ddn();
  const CodeIndex index = shapes_index(loaded, 2);
  const std::string path = folder / "query.png";
  write_png(path, torch::zeros({1, 8, 8}));
  EXPECT_EQ(similar_to_files(loaded, index, "a.idx", {path}, "", {}).neighbours, 2);
}

TEST(Similar, AgreementByValuesIsCompleteWhereQueriesAreInTheIndex) {
  const LoadedModel loaded = loaded_ddn();
  const CodeIndex index = shapes_index(loaded, 20);
  SimilarOptions options;
  options.neighbours = 2;
  const SimilarAgreement found = similar_agreement(loaded, index, "a.idx", "", "test", 10, options);
  EXPECT_EQ(found.queries, 10);
  EXPECT_DOUBLE_EQ(found.first_by_values, 1);  // each query is its own nearest
  EXPECT_GE(found.all_by_values, 0.5);
  EXPECT_LE(found.all_by_code, 1);
}

TEST(Similar, AnIndexOfAnotherModelIsRefused) {
  const LoadedModel loaded = loaded_ddn();
  CodeIndex index = shapes_index(loaded, 2);
  ++index.codes.fingerprint;
  const std::string text = refusal([&] { similar_agreement(loaded, index, "a.idx", "", "test", 1, {}); });
  EXPECT_NE(text.find("a.idx: expected codes of the model with fingerprint"), std::string::npos) << text;
}

}  // namespace
}  // namespace steer
