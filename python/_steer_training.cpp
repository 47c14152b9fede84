// Training from Python: whole runs, and steps of one's own loop.
#include "python/_steer_models.h"
#include "python/_steer_together.h"
#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/core/tensors.h"
#include "steer/data/tensor_dataset.h"
#include "steer/modalities/modalities.h"
#include "steer/train/learner.h"
#include "steer/train/run_file.h"
#include "steer/train/trainer.h"
#include "steer/work/training.h"

namespace steer {
namespace {

// A Python data set: __len__ and __getitem__, which gives x or (x, label). Its space is the model's.
class PythonDataset : public Dataset {
 public:
  PythonDataset(py::object items, Space space)
      : size_(static_cast<int64_t>(py::len(items))), space_(std::move(space)) {
    if (py::hasattr(items, "classes") && py::isinstance<py::list>(items.attr("classes")))
      for (const py::handle& name : items.attr("classes")) classes_.push_back(py::str(name));
    items_ = shared_object(std::move(items));
    STEER_CHECK(size_ > 0, "[data] expected samples but the data set is empty");
  }

  int64_t size() const override { return size_; }
  Space space() const override { return space_; }
  std::vector<std::string> classes() const override { return classes_; }

  Batch batch(const std::vector<int64_t>& indices) const override {
    const py::gil_scoped_acquire lock;
    std::vector<Tensor> rows;
    std::vector<int64_t> labels;
    for (const int64_t index : indices) {
      const py::object item = (*items_)[py::int_(index)];
      const bool pair = py::isinstance<py::tuple>(item) || py::isinstance<py::list>(item);
      const py::object x = pair ? py::object(item[py::int_(0)]) : item;
      const Tensor row = tensor_or_none(x, "data");
      STEER_CHECK(row.defined() && row.sizes() == at::IntArrayRef(space_.sizes), "[data] item ", index,
                  ": expected ", text_of(space_), " but got ",
                  row.defined() ? shape_text(row.sizes()) : "None");
      rows.push_back(row.detach().to(torch::kCPU, torch::kFloat32));
      labels.push_back(pair ? whole_numbers_of(item[py::int_(1)], "data label").at(0) : -1);
    }
    return {at::stack(rows), {at::tensor(labels, torch::kInt64), {}}, at::tensor(indices, torch::kInt64)};
  }

 private:
  int64_t size_;
  Space space_;
  std::vector<std::string> classes_;
  PyRef items_;
};

Tensor labels_or_none(const py::handle& value) {
  const Tensor label = tensor_or_none(value, "label");
  return label.defined() ? label.detach().to(torch::kCPU, torch::kInt64) : label;
}

// Tensors x, or (x, label).
std::unique_ptr<Dataset> dataset_of_tensors(const py::object& data, const Space& space) {
  const bool pair = py::isinstance<py::tuple>(data);
  if (pair && py::len(data) != 2) throw py::value_error("[data] expected tensors (x, label), or x alone");
  const Tensor x = tensor_or_none(pair ? py::object(data[py::int_(0)]) : data, "data");
  return std::make_unique<TensorDataset>(space, x.detach().to(torch::kCPU, torch::kFloat32),
                                         pair ? labels_or_none(data[py::int_(1)]) : Tensor());
}

// The data that Python names, and how batches are taken of them. With the lock.
std::unique_ptr<Dataset> dataset_of(const py::object& data, const PythonModel& model, RunOptions& options) {
  const Space space = model.model().space();
  const py::object tensor = py::module_::import("torch").attr("Tensor");
  const bool pair = py::isinstance<py::tuple>(data) && py::len(data) > 0 &&
                    py::isinstance(py::object(data[py::int_(0)]), tensor);
  if (py::isinstance(data, tensor) || pair) return dataset_of_tensors(data, space);
  if (py::isinstance<py::str>(data) || py::hasattr(data, "__fspath__")) {
    options.data.path = path_text(data, "data");
    if (const auto& fitted = modality_of(space).fitted) fitted(options.data, space);
    return without_lock([&] { return make_dataset(options.data); });
  }
  if (!py::hasattr(data, "__len__") || !py::hasattr(data, "__getitem__"))
    throw py::type_error("[data] expected a path, tensors, or a data set with __len__ and __getitem__");
  options.train.loader.workers = 0;  // threads of the loader never touch Python
  return std::make_unique<PythonDataset>(data, space);
}

RunOptions run_options(const py::dict& given, const PythonModel& model, const py::object& minutes,
                       const py::object& images) {
  RunFile file = read_run_file(json_of_python(given, "options"), model.model().family(), "options");
  STEER_CHECK(file.model.empty(), "[options] ", model.model().family(),
              ": expected none here: a model's own options are those of steer.new");
  RunOptions options = file.options;
  options.train.precision = model.precision;
  if (!minutes.is_none() || !images.is_none()) {
    options.train.minutes = minutes.is_none() ? 0 : minutes.cast<double>();
    options.train.images = images.is_none() ? 0 : whole_numbers_of(images, "images").at(0);
  }
  options.train.loader.seed = options.train.seed;
  check(options.train);
  return options;
}

// All tensors of a model, which those who train together begin and end with alike.
std::vector<Tensor> weights_of(Model& model) {
  std::vector<Tensor> tensors = model.module().parameters();
  for (const Tensor& buffer : model.module().buffers()) tensors.push_back(buffer);
  return tensors;
}

// A whole run.
struct TrainingCall {
  py::object minutes, images;
  py::dict options;
  bool resume = false;
  py::object watch, group;
};

py::object trained(const PythonModel& self, const py::object& data, const py::object& out,
                   const TrainingCall& call) {
  RunOptions options = run_options(call.options, self, call.minutes, call.images);
  const std::string run = path_text(out, "train");
  const std::unique_ptr<Dataset> samples = dataset_of(data, self, options);
  if (options.data.path.empty()) options.data.path = "python";
  const Together together = together_of(call.group);
  const std::string title = "train " + run, plural = modality_of(self.model().space()).plural;
  // One bar is enough.
  const bool silent = together.rank > 0 && call.watch.is_none();
  Watching watching(silent ? py::object(py::bool_(false)) : call.watch, title);
  const TrainSummary summary = watched(watching, [&] {
    if (!call.resume && self.loaded->state.images == 0) self.model().meet(*samples);
    const TrainSummary done = train(self.model(), *samples, options, run, call.resume, self.device,
                                    told_of_training(watching.of_work(), title, plural), together);
    // The model becomes what the folder holds: the averaged weights.
    if (together.rank == 0) take_weights(self.model(), load_model(run, self.device));
    take_of_first(together, weights_of(self.model()));
    self.loaded->state = done.state;
    return done;
  });
  return python_of_json(summary_json(summary));
}

// One's own loop: the class steer.Learner.
struct PythonLearner {
  PythonModel model;
  TrainOptions options;
  std::unique_ptr<Learner> learner;
};

std::unique_ptr<PythonLearner> learner_of(const PythonModel& model, const py::dict& given,
                                          const py::object& group) {
  auto made = std::make_unique<PythonLearner>();
  made->model = model;
  read_options(made->options, json_of_python(given, "options"), "options");
  const Together together = together_of(group);
  made->learner = without_lock([&] {
    take_of_first(together, weights_of(model.model()));
    return std::make_unique<Learner>(model.model(), made->options, together);
  });
  return made;
}

py::dict step_of(PythonLearner& self, const Tensor& x, const py::object& label, int64_t seed,
                 const py::object& rate) {
  const Space space = self.model.model().space();
  STEER_CHECK(x.dim() > 0 && x.sizes().slice(1) == at::IntArrayRef(space.sizes), "[step] expected samples ",
              text_of(space), " but got ", shape_text(x.sizes()));
  Batch batch;
  if (space.vocabulary > 0)
    batch.data.token = x.to(self.model.device, torch::kInt64);
  else
    batch.data.x = x.detach().to(self.model.device, torch::kFloat32);
  const Tensor told = labels_or_none(label);
  batch.told.label = told.defined() ? told : at::full({x.size(0)}, -1, torch::kInt64);
  batch.index = at::arange(x.size(0), torch::kInt64);
  const double by = rate.is_none() ? self.options.rate : rate.cast<double>();
  const Figures figures =
      without_lock([&] { return self.learner->step(batch, static_cast<uint64_t>(seed), by); });
  py::dict dict;
  for (const auto& [name, value] : figures) dict[py::str(name)] = value;
  return dict;
}

void save_learner(PythonLearner& self, const py::object& path) {
  const std::string name = path_text(path, "save");
  without_lock([&] {
    save_model(name, self.model.model(), {self.learner->images, self.learner->steps, 0}, &self.learner->ema);
    return 0;
  });
}

}  // namespace

void bind_training(py::module_& m) {
  m.def(
      "train",
      [](const PythonModel& model, const py::object& data, const py::object& out, const py::object& minutes,
         const py::object& images, const py::dict& options, bool resume, const py::object& watch,
         const py::object& group) {
        return trained(model, data, out, {minutes, images, options, resume, watch, group});
      },
      py::arg("model"), py::arg("data"), py::arg("out"), py::kw_only(), py::arg("minutes") = py::none(),
      py::arg("images") = py::none(), py::arg("options") = py::dict(), py::arg("resume") = false,
      py::arg("watch") = py::none(), py::arg("group") = py::none(),
      "Trains a model into a run folder, as `steer train` does, and gives images, steps, seconds,\n"
      "interrupted and the last figures as a dict; the model then has the averaged weights that the folder\n"
      "holds. data: a path or word; tensors x [N, ...], or (x, label); or a data set with __len__ and\n"
      "__getitem__. minutes, images: the budget. options: {\"train\": {...}, \"data\": {...}} as a\n"
      "configuration file. resume: goes on where the folder's checkpoint stands. watch: called after every\n"
      "step; False, Ctrl-C and exceptions end it with a checkpoint written. group: as of Learner; the first "
      "of\n"
      "its processes alone reads and writes the folder, and all end where one does.");
  py::class_<PythonLearner>(m, "Learner", "A model with its optimiser and averaged weights.")
      .def(
          py::init(&learner_of), py::arg("model"), py::arg("options") = py::dict(), py::kw_only(),
          py::arg("group") = py::none(),
          "options: of training. group: a process group of torch.distributed whose processes learn "
          "together,\n"
          "each on its share of every batch, all of the same size; they begin with the weights of its first.")
      .def("step", step_of, py::arg("x"), py::arg("label") = py::none(), py::kw_only(), py::arg("seed"),
           py::arg("rate") = py::none(),
           "One step on a batch [B, ...] with labels int64 [B]: loss, gradients, optimiser, averages. Gives\n"
           "figures to log as scalars that stay on the device. seed: of all its randomness; of a group the\n"
           "same in all its processes, and so are the figures.")
      .def("save", save_learner, py::arg("path"), "Writes the averaged weights as a checkpoint file.")
      .def_property_readonly(
          "steps", [](const PythonLearner& l) { return l.learner->steps; }, "Made so far.")
      .def_property_readonly(
          "images", [](const PythonLearner& l) { return l.learner->images; }, "Seen so far.");
}

}  // namespace steer
