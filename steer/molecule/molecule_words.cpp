#include "steer/molecule/molecule_words.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "steer/core/check.h"
#include "steer/data/values.h"
#include "steer/molecule/ani_objective.h"
#include "steer/molecule/elements.h"
#include "steer/molecule/molecule_files.h"
#include "steer/molecule/molecule_objectives.h"
#include "steer/molecule/molecule_space.h"
#include "steer/molecule/rdkit_objective.h"
#include "steer/molecule/xtb.h"
#include "steer/nn/property_network.h"

namespace steer {
namespace {

constexpr double kMostAngstrom = 1000, kLeastNoise = 1e-3;

Parameter noise_parameter(double otherwise, const std::string& unit) {
  return number_parameter("noise", otherwise, kLeastNoise, kMostAngstrom,
                          "deviation that still is near, " + unit);
}

// ln N(value; wanted, noise^2) up to a constant.
Tensor nearness(const Tensor& value, double wanted, double noise) {
  return (value - wanted).square() * (-1 / (2 * noise * noise));
}

std::unique_ptr<Objective> radius_by(const Arguments& arguments, const ObjectiveContext&) {
  const double radius = arguments.number("angstrom"), noise = arguments.number("noise");
  return molecule_objective(
      [=](const SeenMolecules& m) { return nearness(gyration_radius(m), radius, noise); }, arguments.words());
}

std::unique_ptr<Objective> count_by(const Arguments& arguments, const ObjectiveContext& context) {
  const std::string symbol = arguments.text("element");
  const int wanted = atomic_number(symbol);
  const std::vector<int> types = element_numbers(context.space);
  const auto found = std::find(types.begin(), types.end(), wanted);
  STEER_CHECK(wanted > 0 && found != types.end(), arguments.where(), ": expected one of the elements ",
              context.space.alphabet, " but got ", symbol);
  const int64_t type = found - types.begin();
  const auto number = static_cast<double>(arguments.integer("number"));
  const double noise = arguments.number("noise");
  return molecule_objective(
      [=](const SeenMolecules& m) { return nearness(type_count(m, type), number, noise); },
      arguments.words());
}

std::unique_ptr<Objective> clash_by(const Arguments& arguments, const ObjectiveContext&) {
  const double least = arguments.number("angstrom"), noise = arguments.number("noise");
  return molecule_objective(
      [=](const SeenMolecules& m) { return nearness_of_pairs(m, least) * (-1 / (2 * noise * noise)); },
      arguments.words());
}

std::unique_ptr<Objective> scaffold_by(const Arguments& arguments, const ObjectiveContext& context) {
  const std::string path = arguments.text("part");
  const State part = as_samples(context.space, {read_molecules(path)[0]}, arguments.where() + ": " + path);
  const int64_t atoms = part.mask.sum().item<int64_t>();
  const Tensor known = part.x.narrow(1, 0, atoms).to(context.device);
  return part_objective(known, context.space.sizes[0], arguments.number("noise"), arguments.words());
}

// Properties that can be asked for: those of QM9. Others of a network are not asked by their names.
constexpr const char* kProperties[] = {"mu", "alpha", "homo", "lumo", "gap", "cv", "zpve", "u0", "u0_atom"};

std::vector<Parameter> property_parameters() {
  constexpr double kMost = 1e6;
  static const char* const units[] = {"D", "Bohr^3", "eV", "eV", "eV", "cal/(mol K)", "eV", "eV", "eV"};
  std::vector<Parameter> parameters = {
      required(file_parameter("predictor", "a network of properties: a run folder or its file"))};
  for (size_t i = 0; i < std::size(kProperties); ++i)
    parameters.push_back(
        optional(number_parameter(kProperties[i], 0, -kMost, kMost, std::string("wanted, in ") + units[i])));
  parameters.push_back(
      number_parameter("noise", 0.3, kLeastNoise, kMost,
                       "deviation that still is near, in mean absolute deviations of the data"));
  return parameters;
}

std::unique_ptr<Objective> property_by(const Arguments& arguments, const ObjectiveContext& context) {
  const SavedProperties told = load_properties(arguments.text("predictor"), context.device);
  STEER_CHECK(told.elements == context.space.alphabet, arguments.where(), ": expected a predictor of ",
              context.space.alphabet, " but ", told.path, " is of ", told.elements);
  std::vector<std::string> names;
  std::vector<double> wanted;
  for (const char* name : kProperties) {
    if (!arguments.has(name)) continue;
    names.emplace_back(name);
    wanted.push_back(arguments.number(name));
  }
  STEER_CHECK(!names.empty(), arguments.where(), ": expected at least one property, as mu=3.0");
  const std::string what = arguments.where() + ": properties that " + told.path + " tells";
  const Tensor columns = value_columns(names, told.names, what).to(context.device),
               goal = at::tensor(wanted, torch::kFloat64).to(context.device, torch::kFloat32),
               unit = told.deviation.index_select(0, columns) * arguments.number("noise");
  return molecule_objective(
      [=](const SeenMolecules& m) {
        const Tensor value = told.network(m.x.to(torch::kFloat32)).index_select(1, columns);
        return ((value - goal) / unit).square().sum(1) * -0.5;
      },
      arguments.words());
}

std::unique_ptr<Objective> xtb_by(const Arguments& arguments, const ObjectiveContext& context) {
  static const std::vector<std::pair<const char*, double XtbProperties::*>> members = {
      {"mu", &XtbProperties::mu},
      {"homo", &XtbProperties::homo},
      {"lumo", &XtbProperties::lumo},
      {"gap", &XtbProperties::gap}};
  std::vector<WantedProperty> wanted;
  for (const auto& [name, member] : members)
    if (arguments.has(name)) wanted.push_back({member, arguments.number(name), arguments.number("noise")});
  STEER_CHECK(!wanted.empty(), arguments.where(), ": expected at least one property, as gap=7");
  return xtb_objective(context.space, std::move(wanted), arguments.number("cost"), arguments.words());
}

std::unique_ptr<Objective> ani_by(const Arguments& arguments, const ObjectiveContext& context) {
  AniWish wish;
  wish.force = arguments.flag("force"), wish.caution = arguments.number("caution");
  wish.cost = arguments.number("cost");
  return ani_objective(context.space, Ani(arguments.text("weights"), context.device), wish,
                       arguments.words());
}

std::vector<Parameter> ani_parameters() {
  return {required(file_parameter("weights", "a potential that tools/convert_torchani.py wrote")),
          flag_parameter("force", false, "small forces in place of a low energy"),
          number_parameter("caution", 3, 0, 1e3, "deviations of its networks that are added to the energy"),
          number_parameter("cost", 50, 0, 1e6, "minus the score of molecules that it cannot judge")};
}

std::vector<Parameter> xtb_parameters() {
  constexpr double kMost = 1000;
  return {
      optional(number_parameter("mu", 0, 0, kMost, "wanted dipole moment, in D")),
      optional(number_parameter("homo", 0, -kMost, kMost, "wanted, in eV")),
      optional(number_parameter("lumo", 0, -kMost, kMost, "wanted, in eV")),
      optional(number_parameter("gap", 0, 0, kMost, "wanted, in eV")),
      number_parameter("noise", 0.3, kLeastNoise, kMost, "deviation that still is near, in D or eV"),
      number_parameter("cost", 50, 0, 1e6, "nats that a molecule costs at most, and one without an answer")};
}

// A word of one number that RDKit tells: a wanted value, or the most or the least of it.
struct RdkitWord {
  const char* name;
  const char* meaning;
  const char* example;
  double unit;  // of differences from a wanted value
  bool least;   // what is wanted where no value is
};

constexpr double kMostOfRdkit = 1e4;

std::vector<Parameter> rdkit_parameters(double unit) {
  return {positional(optional(number_parameter("value", 0, -kMostOfRdkit, kMostOfRdkit,
                                               "what is wanted; without it the best there is"))),
          number_parameter("noise", unit, kLeastNoise, kMostOfRdkit, "deviation that still is near"),
          number_parameter("cost", 50, kLeastNoise, 1e6,
                           "what a molecule costs that RDKit refuses, and at most")};
}

decltype(Word::make) rdkit_by(const RdkitWord& word) {
  return [word](const Arguments& arguments, const ObjectiveContext& context) {
    // -((v - value) / unit)^2 is a log-likelihood of this deviation.
    RdkitWish wish{word.name, {}, word.least, arguments.number("noise")};
    if (arguments.has("value")) wish.target = arguments.number("value"), wish.unit *= std::sqrt(2.0);
    return rdkit_objective(context.space, {wish}, arguments.number("cost"), arguments.words());
  };
}

const std::vector<RdkitWord> kRdkitWords = {
    {"qed", "molecules that are like drugs (Bickerton et al. 2012), told by RDKit", "qed(0.6)", 0.05, false},
    {"logp", "molecules that rather mix with octanol than with water (Crippen's log P), told by RDKit",
     "logp(2.0)", 0.3, false},
    {"tpsa", "molecules of a polar surface, in square Angstrom (Ertl et al. 2000), told by RDKit", "tpsa(60)",
     5, true},
    {"sa", "molecules easy to make, 1, or hard, 10 (Ertl and Schuffenhauer 2009), told by RDKit", "sa(2.5)",
     0.3, true},
    {"strain", "molecules at rest: kcal/mol a heavy atom above what MMFF94 relaxes them to, told by RDKit",
     "strain()", 1, true},
};

Word molecule_word(const std::string& name, const std::string& meaning, const std::string& example,
                   std::vector<Parameter> parameters, decltype(Word::make) make,
                   Nature nature = Nature::kGradient) {
  Word word;
  word.name = name, word.kinds = {molecule_space(1, "C").kind}, word.nature = nature;
  word.meaning = meaning, word.example = example;
  word.parameters = std::move(parameters), word.make = std::move(make);
  return word;
}

// All but those of RDKit.
std::vector<Word> own_words() {
  return {
      molecule_word("radius",
                    "molecules of a radius of gyration, in Angstrom: -(R - angstrom)^2 / (2 noise^2)",
                    "radius(2.0)",
                    {positional(required(number_parameter("angstrom", 1, 0, kMostAngstrom, "the radius"))),
                     noise_parameter(0.05, "in Angstrom")},
                    radius_by),
      molecule_word("count", "molecules with so many atoms of an element", "count(O, 2)",
                    {positional(required(text_parameter("element", "its symbol"))),
                     positional(required(integer_parameter("number", 1, 0, 4096, "how many"))),
                     noise_parameter(0.3, "in atoms")},
                    count_by),
      molecule_word("clash",
                    "molecules without atoms nearer than that: - the sum of squares of what is missing",
                    "clash(0.9)",
                    {positional(number_parameter("angstrom", 0.9, 0, kMostAngstrom, "the least distance")),
                     noise_parameter(0.1, "in Angstrom")},
                    clash_by),
      molecule_word(
          "scaffold",
          "molecules whose first atoms are those of a part: -|x - part|^2 / (2 noise^2), without shifts",
          "scaffold(ring.sdf)",
          {positional(required(file_parameter("part", "a file of a molecule, whose first is taken"))),
           noise_parameter(0.1, "in Angstrom, and in types")},
          scaffold_by),
      molecule_word(
          "property",
          "molecules of wanted properties, told by a network: -((p - wanted) / noise)^2 / 2, summed",
          "property(predictor=runs/mu, mu=3.0)", property_parameters(), property_by),
      molecule_word("ani",
                    "molecules of low energy by an ANI potential: - what binds their atoms, in eV an atom",
                    "ani(weights=ani2x.safetensors)", ani_parameters(), ani_by),
      molecule_word("xtb", "molecules of wanted properties by GFN2-xTB, which the program xtb computes",
                    "xtb(gap=7)", xtb_parameters(), xtb_by, Nature::kBlackBox),
  };
}

}  // namespace

const std::vector<Word>& molecule_words() {
  static const std::vector<Word> words = [] {
    std::vector<Word> all = own_words();
    for (const RdkitWord& word : kRdkitWords)
      all.push_back(molecule_word(word.name, word.meaning, word.example, rdkit_parameters(word.unit),
                                  rdkit_by(word), Nature::kBlackBox));
    return all;
  }();
  return words;
}

}  // namespace steer
