#include "steer/molecule/molecule_data.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <filesystem>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/data/each_batch.h"
#include "steer/molecule/molecule_arrays.h"
#include "steer/molecule/molecule_figures.h"
#include "steer/molecule/molecule_modality.h"
#include "steer/molecule/molecule_space.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"
#include "steer/testing/test_files.h"

namespace steer {
namespace {

std::string npy(const std::string& type, const std::string& shape, const void* data, size_t bytes) {
  std::string header = "{'descr': '" + type + "', 'fortran_order': False, 'shape': (" + shape + "), }";
  header.resize(117, ' ');
  header += '\n';
  std::string file("\x93NUMPY\x01\x00", 8);
  file += static_cast<char>(header.size());
  file += '\0';
  return file + header + std::string(static_cast<const char*>(data), bytes);
}

// Water, hydrogen and hydrogen fluoride, in the parts training, training, test.
void write_arrays(const std::string& folder) {
  const std::vector<uint8_t> numbers = {8, 1, 1, 1, 1, 9, 1}, split = {0, 0, 2}, half = {1, 2, 0};
  const std::vector<float> positions = {0, 0,     0, 0.96f, 0, 0, -0.24f, 0.93f, 0, 0, 0,
                                        0, 0.74f, 0, 0,     1, 1, 1,      1.92f, 1, 1};
  const std::vector<int32_t> offsets = {0, 3, 5, 7};
  const std::vector<float> properties = {1.85f, 0.5f, 0, 1, 1.8f, 0.25f};
  write_file(folder + "/numbers.npy", npy("|u1", "7,", numbers.data(), 7));
  write_file(folder + "/positions.npy", npy("<f4", "7, 3", positions.data(), 84));
  write_file(folder + "/offsets.npy", npy("<i4", "4,", offsets.data(), 16));
  write_file(folder + "/properties.npy", npy("<f4", "3, 2", properties.data(), 24));
  write_file(folder + "/properties.txt", "0\tmu\tD\tdipole moment\n1\tgap\tHartree\tlumo - homo\n");
  write_file(folder + "/split.npy", npy("|u1", "3,", split.data(), 3));
  write_file(folder + "/half.npy", npy("|u1", "3,", half.data(), 3));
}

DataOptions options_of(const std::string& path, const std::string& split = "train") {
  DataOptions options;
  options.path = path, options.split = split;
  return options;
}

TEST(MoleculeData, PartsOfArraysHaveOneSpaceAndTheirNumbersInTheirUnits) {
  const TemporaryFolder folder;
  write_arrays(folder.path());
  ASSERT_TRUE(names_molecules(folder.path()));
  const auto train = make_molecule_dataset(options_of(folder.path()));
  const auto test = make_molecule_dataset(options_of(folder.path(), "test"));
  EXPECT_EQ(train->size(), 2);
  EXPECT_EQ(test->size(), 1);
  EXPECT_EQ(train->space(), molecule_space(3, "HOF"));
  EXPECT_EQ(test->space(), train->space());
  EXPECT_EQ(train->values(), (std::vector<std::string>{"mu", "gap"}));
  const Batch batch = test->batch({0});
  EXPECT_NEAR(batch.told.value[0][0].item<double>(), 1.8, 1e-6);
  EXPECT_NEAR(batch.told.value[0][1].item<double>(), 0.25 * 27.2114, 1e-5);
  EXPECT_LT(batch.data.x.narrow(2, 0, 3).sum(1).abs().max().item<double>(), 1e-6);
  EXPECT_EQ(batch.data.mask.sum().item<int64_t>(), 2);
  DataOptions second = options_of(folder.path());
  second.half = 2;
  EXPECT_EQ(make_molecule_dataset(second)->size(), 1);
  second.half = 0, second.hydrogens = false;
  const auto heavy = make_molecule_dataset(second);
  EXPECT_EQ(heavy->size(), 1);  // hydrogen itself is gone
  EXPECT_EQ(heavy->space(), molecule_space(1, "OF"));
}

TEST(MoleculeData, BrokenArraysAreRefused) {
  const TemporaryFolder folder;
  write_arrays(folder.path());
  const auto said = [&] { return refusal([&] { make_molecule_dataset(options_of(folder.path())); }); };
  const std::string numbers = folder.path() + "/numbers.npy", good = read_file(numbers);
  for (size_t length : {size_t{0}, size_t{5}, size_t{40}, good.size() - 1}) {
    write_file(numbers, good.substr(0, length));
    EXPECT_NE(said().find("numbers.npy"), std::string::npos) << length;
  }
  write_file(numbers, good);
  const std::vector<int32_t> falling = {0, 5, 3, 7};
  write_file(folder.path() + "/offsets.npy", npy("<i4", "4,", falling.data(), 16));
  EXPECT_NE(said().find("offsets"), std::string::npos);
  const std::string claim = npy("<i4", "4000000000000,", falling.data(), 16);
  write_file(folder.path() + "/offsets.npy", claim);
  EXPECT_FALSE(said().empty());
}

TEST(MoleculeData, FilesComeBackAsTheyWereWritten) {
  const TemporaryFolder folder;
  write_arrays(folder.path());
  const auto data = make_molecule_dataset(options_of(folder.path()));
  const State samples = data->batch({0, 1}).data;
  const Modality& modality = molecule_modality();
  for (const char* name : {"a.xyz", "a.sdf", "a.pdb"}) {
    const std::string path = folder.path() + "/" + name;
    ASSERT_TRUE(modality.writes(path));
    write_file(path, modality.file_of(path, data->space(), samples));
    const State back = modality.read(path, data->space(), "");
    EXPECT_LT((back.x - samples.x.narrow(0, 0, 1)).abs().max().item<double>(), 1e-3) << name;
  }
}

TEST(MoleculeData, IonsAreNoSamples) {
  Molecule ion, pair;
  ion.number = {1}, ion.position = {{0, 0, 0}}, ion.charge = {1};
  pair.number = {1, 1}, pair.position = {{0, 0, 0}, {1, 0, 0}}, pair.charge = {1, -1};
  const Space space = molecule_space(2, "H");
  EXPECT_NE(refusal([&] {
              as_samples(space, {pair, ion}, "[test]");
            }).find("molecule 2 has the charge 1"),
            std::string::npos);
  EXPECT_EQ(as_samples(space, {pair}, "[test]").size(), 1);
}

TEST(MoleculeFigures, CountWhatIsBrokenAmongAll) {
  Molecule water, broken;
  water.number = {8, 1, 1}, water.position = {{0, 0, 0}, {0.96, 0, 0}, {-0.24, 0.93, 0}};
  broken.number = {6, 1}, broken.position = {{0, 0, 0}, {9, 0, 0}};
  water.bonds = {{0, 1, 1}, {0, 2, 1}};
  const MoleculeFigures figures = molecule_figures({water, water, broken, broken}, {water});
  EXPECT_EQ(figures.molecules_stable, 0.5);
  EXPECT_EQ(figures.atoms_stable, 0.6);
  EXPECT_EQ(figures.connected, 0.5);
  EXPECT_EQ(figures.valid, 1);  // radicals are
  EXPECT_EQ(figures.unique, 0.5);
  EXPECT_EQ(figures.novel, 0.5);
  EXPECT_EQ(figures.mean_atoms, 2.5);
}

// The parts of EDM and the halves of TFG: how many molecules, of which sizes, and how many atoms of which
// element.
TEST(SharedData, Qm9HasThePublishedParts) {
  const std::string path = shared_data("qm9");
  if (path.empty()) GTEST_SKIP() << "no ../shared/data/qm9 beside the project";
  DataOptions options;
  options.path = path;
  const auto size = [&](const std::string& split, int64_t half) {
    options.split = split, options.half = half;
    return make_molecule_dataset(options)->size();
  };
  EXPECT_EQ(size("train", 0), 100000);
  EXPECT_EQ(size("validation", 0), 17748);
  EXPECT_EQ(size("test", 0), 13083);
  EXPECT_EQ(size("train", 1), 50000);
  options.split = "train", options.half = 2;
  const auto second = make_molecule_dataset(options);
  std::vector<int64_t> sizes(30);
  Tensor elements = torch::zeros({5}, torch::kFloat64);
  each_batch(*second, [&](const Batch& batch) {
    const Tensor counts = batch.data.mask.sum(1).bincount({}, 30);
    for (size_t n = 0; n < sizes.size(); ++n) sizes[n] += counts[static_cast<int64_t>(n)].item<int64_t>();
    elements += batch.data.x.narrow(2, 3, 5).sum({0, 1}, false, torch::kFloat64);
  });
  const std::vector<int64_t> published = {0,    0,    0,    1,    3,    3,    5,    7,    25,   62,
                                          178,  412,  845,  1541, 2587, 3865, 5344, 6461, 6695, 6944,
                                          4794, 4962, 1701, 2380, 267,  754,  17,   132,  0,    15};
  EXPECT_EQ(sizes, published);
  // H, C, N, O and F.
  EXPECT_TRUE(torch::equal(elements, torch::tensor({461622, 317604, 50852, 70033, 1164}, torch::kFloat64)))
      << elements;
}

}  // namespace
}  // namespace steer
