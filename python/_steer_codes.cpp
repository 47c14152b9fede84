// Codes of models that have them, and the walk through the tree of a DDN.
#include <c10/core/GradMode.h>

#include <algorithm>

#include "python/_steer_objectives.h"
#include "python/_steer_samples.h"
#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/ddn/chooser.h"
#include "steer/guidance/best_by.h"
#include "steer/modalities/modalities.h"
#include "steer/work/encoding.h"
#include "steer/work/pictures.h"
#include "steer/work/prior_files.h"

namespace steer {
namespace {

constexpr int64_t kCodedAtOnce = 64;

// What encoding gives: the class steer.Reconstruction.
struct PythonReconstruction {
  State state;
  Tensor code, error;
};

const Codec& codec_of(const PythonGenerator& self) {
  return as_codec(*self.loaded, "encode");
}

State state_of_tensor(const Space& space, const Tensor& given) {
  Tensor x = given.detach();
  if (x.dim() == static_cast<int64_t>(space.sizes.size())) x = x.unsqueeze(0);
  STEER_CHECK(x.dim() > 0 && x.sizes().slice(1) == at::IntArrayRef(space.sizes), "[encode] expected samples ",
              text_of(space), " but got ", shape_text(given.sizes()));
  if (space.vocabulary == 0) return State(x.to(torch::kFloat32));
  State state;
  state.token = x.to(torch::kInt64);
  return state;
}

Told told_codes(const PythonGenerator& self, const py::object& label, const State& samples, int64_t count) {
  const Needs needs = self.model().needs();
  if (needs.given) return {{}, samples};
  return told_of(self.model(), label, py::none(), count);
}

PythonReconstruction encoded_by(const PythonGenerator& self, const Tensor& x, int64_t beam,
                                const py::object& label, const py::object& watch) {
  const Codec& codec = codec_of(self);
  const State samples = state_of_tensor(codec.space(), x);
  const Told told = told_codes(self, label, samples, samples.size());
  Watching watching(watch, "encode");
  const Encoded encoded = watched(watching, [&] {
    return encode_all(codec, samples, kCodedAtOnce, beam, self.device, told, watching.of_work());
  });
  PythonReconstruction found{encoded.state, encoded.code, encoded.error};
  // As decoding gives them.
  if (found.state.x.defined()) found.state.x = within(codec.space(), found.state.x);
  return found;
}

Tensor tensor_of_state(const State& state) {
  return state.x.defined() ? state.x : state.token;
}

Tensor checked_code(const Tensor& code) {
  STEER_CHECK(code.scalar_type() == torch::kInt64 && (code.dim() == 2 || code.dim() == 1),
              "[decode] expected codes int64 [N, L] but got ", code.dtype().name(), " ",
              shape_text(code.sizes()));
  return code.dim() == 1 ? code.unsqueeze(0) : code;
}

Tensor decoded_with_gradient(const PythonGenerator& self, const Tensor& code, const Told& told) {
  auto* ddn = dynamic_cast<DdnModel*>(&self.model());
  STEER_CHECK(ddn, "[decode] gradient=True: expected a ddn, whose images have a gradient in its weights");
  return without_lock(
      [&] {
        return finished_maps(ddn->space(),
                             ddn->network()
                                 .run(code.size(0), follow(code.to(self.device)), {}, ddn->condition(told))
                                 .image)
            .x;
      },
      true);
}

Tensor decoded_by(const PythonGenerator& self, const Tensor& given, const py::object& label, bool gradient,
                  const py::object& image, const py::object& watch) {
  const Codec& codec = codec_of(self);
  const Tensor code = checked_code(given);
  const Told told = told_of(self.model(), label, image, code.size(0));
  if (gradient) return decoded_with_gradient(self, code, told);
  Watching watching(watch, "decode");
  return tensor_of_state(watched(watching, [&] {
    return decode_all(codec, code, kCodedAtOnce, self.device, told, watching.of_work());
  }));
}

std::vector<Tensor> unfolded_by(const PythonGenerator& self, const Tensor& given, const py::object& label,
                                const std::vector<int64_t>& layers) {
  const Codec& codec = codec_of(self);
  const Tensor code = checked_code(given);
  const Told told = told_of(self.model(), label, py::none(), code.size(0));
  std::vector<Tensor> all;
  for (const State& state : without_lock([&] {
         const torch::NoGradGuard no_grad;
         return unfold_all(codec, code, layers, kCodedAtOnce, self.device, told);
       }))
    all.push_back(tensor_of_state(state));
  return all;
}

std::unique_ptr<Prior> prior_for(const PythonGenerator& self, const Codec& codec, Coder coder) {
  return coder == Coder::kPrior ? open_prior("", self.loaded->path, codec.fingerprint()) : nullptr;
}

Tensor label_of(const PythonGenerator& self, const py::object& label, int64_t count) {
  return label.is_none() ? Tensor() : told_of(self.model(), label, py::none(), count).label;
}

py::bytes bytes_of_codes(const PythonGenerator& self, const Tensor& given, const std::string& coder,
                         const py::object& label) {
  const Codec& codec = codec_of(self);
  const Tensor code = checked_code(given).cpu();
  const Tensor told = label_of(self, label, code.size(0));
  return py::bytes(without_lock([&] {
    const Coder by = make_coder(coder);
    const auto prior = prior_for(self, codec, by);
    return write_codes(codec.code_file(code, by), prior.get(), told);
  }));
}

Tensor codes_of_bytes(const PythonGenerator& self, const py::bytes& bytes, const py::object& label) {
  const Codec& codec = codec_of(self);
  const std::string held = bytes;
  return without_lock([&] {
    const std::string name = "bytes";
    const CodeHeader header = read_code_header(held, name);
    const auto prior = prior_for(self, codec, header.coder);
    Tensor told;
    if (!label.is_none()) {
      const py::gil_scoped_acquire lock;
      told = label_of(self, label, header.codes);
    }
    return codec.code_in(read_codes(held, name, prior.get(), told), name);
  });
}

template <class Door>
void add_codec(py::class_<Door, PythonGenerator, std::shared_ptr<Door>>& model) {
  model
      .def(
          "encode",
          [](const Door& m, const Tensor& x, int64_t beam, const py::object& label, const py::object& watch) {
            return encoded_by(m, x, beam, label, watch);
          },
          py::arg("x"), py::arg("beam") = 1, py::arg("label") = py::none(), py::kw_only(),
          py::arg("watch") = false,
          "Samples [N, ...] as codes: at each layer the nearest candidate, or `beam` prefixes side by side.")
      .def(
          "decode",
          [](const Door& m, const Tensor& code, const py::object& label, bool gradient,
             const py::object& image,
             const py::object& watch) { return decoded_by(m, code, label, gradient, image, watch); },
          py::arg("code"), py::arg("label") = py::none(), py::kw_only(), py::arg("gradient") = false,
          py::arg("image") = py::none(), py::arg("watch") = false,
          "Samples [N, ...] of codes int64 [N, L]. gradient: of a DDN, with a gradient in its weights; such "
          "images\n"
          "are not clipped to [-1, 1].")
      .def(
          "unfold",
          [](const Door& m, const Tensor& code, const py::object& label, const std::vector<int64_t>& layers) {
            return unfolded_by(m, code, label, layers);
          },
          py::arg("code"), py::arg("label") = py::none(), py::kw_only(),
          py::arg("layers") = std::vector<int64_t>{},
          "What codes say after each of the layers (from 0; none: all): a list of [N, ...].")
      .def(
          "code_bytes",
          [](const Door& m, const Tensor& code, const std::string& coder, const py::object& label) {
            return bytes_of_codes(m, code, coder, label);
          },
          py::arg("code"), py::arg("coder") = "adaptive", py::arg("label") = py::none(),
          "Codes int64 [N, L] as the bytes of a file of codes. coder: packed, adaptive or prior.")
      .def(
          "code_from_bytes",
          [](const Door& m, const py::bytes& bytes, const py::object& label) {
            return codes_of_bytes(m, bytes, label);
          },
          py::arg("data"), py::arg("label") = py::none(),
          "Codes int64 [N, L] of such bytes. Error for damaged ones and those of another model.")
      .def_property_readonly(
          "K", [](const Door& m) { return codec_of(m).candidates(); }, "Candidates of each layer, a list.")
      .def_property_readonly(
          "depth", [](const Door& m) { return codec_of(m).candidates().size(); }, "L, the number of layers.")
      .def_property_readonly(
          "bits", [](const Door& m) { return codec_of(m).bits(); }, "log2 of the number of codes.");
}

// Ends a forward once the layer that is wanted was reached.
struct LayerReached {};

// A prefix of a DDN's code that grows and shrinks: the class steer.Walk.
struct PythonWalk {
  PythonDdn model;
  Told told;                  // of one row
  int64_t seed = 0;           // of what is drawn at random in the end
  std::vector<int64_t> code;  // chosen so far

  DdnModel& ddn() const { return dynamic_cast<DdnModel&>(model.model()); }
  int64_t depth() const { return ddn().network().depth(); }
};

Choice chosen_index(int64_t index, torch::Device device) {
  Choice choice;
  choice.index = at::full({1}, index, at::device(device).dtype(torch::kInt64));
  return choice;
}

Chooser along(const PythonWalk& walk) {
  return [code = walk.code, device = walk.model.device](const Candidates&, int64_t layer) {
    return chosen_index(code.at(static_cast<size_t>(layer)), device);
  };
}

// What `look` makes of the candidates of the next layer.
template <class Look>
Tensor next_candidates(const PythonWalk& walk, const Look& look) {
  const auto layer = static_cast<int64_t>(walk.code.size());
  STEER_CHECK(layer < walk.depth(), "[walk] expected fewer than ", walk.depth(),
              " choices, after which nothing is left to choose");
  const torch::NoGradGuard no_grad;
  Tensor seen;
  const Chooser until = [&](const Candidates& candidates, int64_t at) -> Choice {
    if (at < layer) return chosen_index(walk.code[static_cast<size_t>(at)], walk.model.device);
    seen = look(candidates);
    throw LayerReached();
  };
  try {
    walk.ddn().network().run(1, until, {}, walk.ddn().condition(walk.told));
  } catch (const LayerReached&) {
  }
  return seen;
}

Tensor candidates_of_next(const PythonWalk& walk) {
  return next_candidates(walk, [](const Candidates& candidates) { return candidates.images(); });
}

Tensor candidates_of_walk(const PythonWalk& walk) {
  return without_lock([&] { return candidates_of_next(walk); });
}

// The first candidates of the next layer, each as a picture [C, h, w] of its kind by itself.
std::vector<Tensor> pictures_of_walk(const PythonWalk& walk, int64_t most) {
  return without_lock([&] {
    const torch::NoGradGuard no_grad;
    const Space space = walk.ddn().space();
    const MapSizes full = map_sizes(space);
    const Tensor all = candidates_of_next(walk)[0];
    const Tensor maps = all.narrow(0, 0, std::clamp<int64_t>(most, 1, all.size(0)));
    // Images are shown at the size of their layer, others as they would be whole.
    const bool images = space.kind == "image";
    State samples =
        images ? State(maps.clamp(-1, 1)) : finished_maps(space, area_resize(maps, full.height, full.width));
    if (!images) samples.x = within(space, samples.x);
    std::vector<Tensor> pictures;
    for (int64_t i = 0; i < samples.size(); ++i)
      pictures.push_back(images ? samples.x[i] : picture_alone(space, samples.narrow(i, 1).to(torch::kCPU)));
    return pictures;
  });
}

Tensor scores_of_walk(const PythonWalk& walk, const py::object& objective) {
  const auto wish = wish_of_python(objective);
  if (!wish) throw py::type_error("[walk] expected an objective but got None");
  return without_lock([&] {
    ObjectiveContext context;
    context.space = walk.ddn().space(), context.device = walk.model.device, context.samples = 1;
    context.seed = static_cast<uint64_t>(walk.seed);
    const auto asked = wish->kept(context);
    return next_candidates(walk, [&](const Candidates& candidates) {
      return score_candidates(*asked, candidates, context.space, 1).flatten();
    });
  });
}

void choose_in_walk(PythonWalk& walk, const py::object& index) {
  const std::vector<int64_t> given = whole_numbers_of(index, "walk");
  const auto layer = static_cast<int64_t>(walk.code.size());
  STEER_CHECK(layer < walk.depth(), "[walk] expected fewer than ", walk.depth(), " choices");
  const int64_t most = walk.ddn().candidates()[static_cast<size_t>(layer)];
  if (given.size() != 1 || given[0] < 0 || given[0] >= most)
    throw py::value_error(joined("[walk] expected one candidate from 0 to ", most - 1, " of layer ", layer));
  walk.code.push_back(given[0]);
}

void take_back(PythonWalk& walk, int64_t layer) {
  const auto chosen = static_cast<int64_t>(walk.code.size());
  if (layer < 0 || layer > chosen)
    throw py::value_error(joined("[walk] expected a layer from 0 to ", chosen, " but got ", layer));
  walk.code.resize(static_cast<size_t>(layer));
}

Tensor code_of_walk(const PythonWalk& walk) {
  return at::tensor(walk.code, torch::kInt64).unsqueeze(0);
}

// The last choice at full size; undefined before the first.
State state_of_walk(const PythonWalk& walk) {
  if (walk.code.empty()) return {};
  return without_lock([&] {
    const torch::NoGradGuard no_grad;
    const Space space = walk.ddn().space();
    const MapSizes full = map_sizes(space);
    Tensor image;
    const Observer last = [&](const LayerStep& step) {
      if (step.layer + 1 < static_cast<int64_t>(walk.code.size())) return;
      image = area_resize(step.image, full.height, full.width);
      throw LayerReached();
    };
    try {
      walk.ddn().network().run(1, along(walk), last, walk.ddn().condition(walk.told));
    } catch (const LayerReached&) {
    }
    State state = finished_maps(space, image);
    state.x = within(space, state.x);
    return state;
  });
}

Tensor picture_of_walk(const PythonWalk& walk) {
  const State state = state_of_walk(walk);
  if (!state.defined()) return {};
  return without_lock([&] { return picture_alone(walk.ddn().space(), state.to(torch::kCPU)); });
}

PythonSamples finished_walk(const PythonWalk& walk, const py::object& objective, double top) {
  const auto wish = wish_of_python(objective);
  return without_lock([&] {
    const torch::NoGradGuard no_grad;
    const Space space = walk.ddn().space();
    const Tensor seeds = at::full({1}, walk.seed, at::device(walk.model.device).dtype(torch::kInt64));
    ObjectiveContext context;
    context.space = space, context.device = walk.model.device, context.samples = 1;
    context.seed = static_cast<uint64_t>(walk.seed);
    const auto asked = wish ? wish->kept(context) : nullptr;
    const Chooser then = asked ? best_by(*asked, seeds, space, {top, 0}) : at_random(seeds);
    const auto chosen = static_cast<int64_t>(walk.code.size());
    const Generated made = walk.ddn().network().run(1, switch_at(chosen, along(walk), then), {},
                                                    walk.ddn().condition(walk.told));
    PythonSamples samples;
    samples.model = walk.model, samples.code = made.code, samples.run.space = space;
    samples.state = finished_maps(space, made.image);
    samples.state.x = within(space, samples.state.x);
    if (asked) samples.scores = asked->score(samples.state);
    samples.run.text = joined("a walk of ", chosen, " choices");
    return samples;
  });
}

PythonWalk walk_of(const PythonDdn& self, int64_t seed, const py::object& label, const py::object& image) {
  PythonWalk walk;
  walk.model = self, walk.seed = seed, walk.told = told_of(self.model(), label, image, 1);
  return walk;
}

}  // namespace

void bind_codes(py::module_& m) {
  py::class_<PythonReconstruction>(m, "Reconstruction", "What encoding gives.")
      .def_property_readonly(
          "images", [](const PythonReconstruction& r) { return tensor_of_state(r.state); },
          "What the codes decode to [N, ...].")
      .def_readonly("code", &PythonReconstruction::code, "int64 [N, L].")
      .def_readonly("error", &PythonReconstruction::error,
                    "float64 [N, L]: mean squared error after each layer, at its own size.");
  auto ddn = py::class_<PythonDdn, PythonGenerator, std::shared_ptr<PythonDdn>>(m.attr("DDN"));
  auto text = py::class_<PythonText, PythonGenerator, std::shared_ptr<PythonText>>(m.attr("Text"));
  add_codec(ddn);
  add_codec(text);
  ddn.def("walk", walk_of, py::arg("seed") = 0, py::arg("label") = py::none(), py::kw_only(),
          py::arg("image") = py::none(), "A walk through the tree of codes, before the first layer.");
  py::class_<PythonWalk>(m, "Walk", "A prefix of a code of a DDN, which grows choice by choice.")
      .def("candidates", candidates_of_walk, "Images of the next layer's candidates, [1, K, C, h, w].")
      .def("scores", scores_of_walk, py::arg("objective"), "Their scores [K] by an objective.")
      .def("choose", choose_in_walk, py::arg("index"), "Goes on with this candidate.")
      .def("back", take_back, py::arg("layer"), "Goes back to before this layer, from 0.")
      .def("finish", finished_walk, py::arg("objective") = py::none(), py::kw_only(), py::arg("top") = 1.0,
           "Samples of one: the rest is drawn at random by the seed, or chosen by an objective among the "
           "`top`\n"
           "best candidates. The walk stays where it is.")
      .def_property_readonly("code", code_of_walk, "int64 [1, layers so far].")
      .def_property_readonly(
          "layer", [](const PythonWalk& w) { return w.code.size(); }, "The next layer.")
      .def_property_readonly("depth", &PythonWalk::depth, "How many layers there are.")
      .def_property_readonly(
          "image", [](const PythonWalk& w) { return state_of_walk(w).x; },
          "The last choice's image [1, C, H, W], or None.")
      .def_property_readonly("picture", picture_of_walk,
                             "The same as a picture [C, h, w] in [-1, 1]: of a sound its frequencies, of a\n"
                             "molecule balls and sticks; None before the first choice.")
      .def("pictures", pictures_of_walk, py::arg("most") = 16,
           "The first candidates of the next layer, each as such a picture.")
      .def(
          "copy", [](const PythonWalk& w) { return w; }, "Another walk at the same place.");
}

}  // namespace steer
