// What Python hears while a work goes on, and how it ends one.
#include "python/_steer.h"

#include "python/_steer_moment.h"
#include "steer/core/check.h"
#include "steer/core/clock.h"
#include "steer/core/interruption.h"
#include "steer/core/notice.h"
#include "steer/work/pictures.h"

namespace steer {
namespace {

// Between looks at Python's signals.
constexpr double kSignalSeconds = 0.02;

// Makes the bar of a terminal: a function of a title that gives a callable, or None where nobody looks on.
PyRef& bar_maker() {
  static PyRef maker;
  return maker;
}

State sample_of(const PythonMoment& moment) {
  STEER_CHECK(moment.glimpse && moment.glimpse->sample,
              "[watch] expected a moment that shows samples and whose call has not ended");
  const Glimpse& glimpse = *moment.glimpse;
  return without_lock([&] { return glimpse.sample(); });
}

Tensor picture_of_moment(const PythonMoment& moment) {
  STEER_CHECK(moment.space, "[watch] expected a moment of drawing");
  const State state = sample_of(moment);
  const Space& space = *moment.space;
  return without_lock([&] { return picture_of(space, state); });
}

std::shared_ptr<PythonMoment> moment_of(const Moment& moment, const Space* space) {
  auto seen = std::make_shared<PythonMoment>();
  seen->title = moment.title, seen->share = moment.share, seen->note = moment.note;
  if (const Glimpse* glimpse = moment.glimpse) {
    seen->glimpse = glimpse, seen->index = glimpse->index, seen->of = glimpse->of;
    seen->sigma = glimpse->sigma, seen->code = glimpse->code;
    if (space) seen->space = *space;
  }
  return seen;
}

thread_local const Space* watched_space = nullptr;

// Of the calls of this thread, the innermost; what it raised is out with it.
thread_local std::exception_ptr* raised_by_signals = nullptr;

}  // namespace

WatchedSpace::WatchedSpace(const Space& space) : before_(watched_space) {
  watched_space = &space;
}

WatchedSpace::~WatchedSpace() {
  watched_space = before_;
}

struct Warnings::Held {
  NoticesTo notices{warn_of_notice};
};

Warnings::Warnings() : held_(std::make_unique<Held>()) {}
Warnings::~Warnings() = default;

void warn_of_notice(const std::string& line) {
  const py::gil_scoped_acquire lock;
  if (PyErr_WarnEx(PyExc_UserWarning, ("steer: " + line).c_str(), 1) != 0) throw py::error_already_set();
}

struct Signals::Held {
  std::exception_ptr raised;
  std::exception_ptr* before = std::exchange(raised_by_signals, &raised);
  InterruptionLook look{[] { return seen(); }};
  ~Held() { raised_by_signals = before; }
};

Signals::Signals() : held_(std::make_unique<Held>()) {}
Signals::~Signals() = default;

void Signals::raise() const {
  if (held_->raised) std::rethrow_exception(std::exchange(held_->raised, nullptr));
}

bool Signals::seen() noexcept {
  thread_local double looked = 0;
  if (!raised_by_signals) return false;
  if (*raised_by_signals) return true;
  const double now = now_seconds();
  if (now - looked < kSignalSeconds) return false;
  looked = now;
  const py::gil_scoped_acquire lock;
  if (PyErr_CheckSignals() != 0) *raised_by_signals = std::make_exception_ptr(py::error_already_set());
  return *raised_by_signals != nullptr;
}

Watching::Watching(const py::object& watch, const std::string& title) : title_(title) {
  py::object callable = watch;
  if (watch.is_none() && bar_maker()) callable = (*bar_maker())(title);
  if (callable.is_none() || callable.is(py::bool_(false))) return;
  if (!py::isinstance<py::function>(callable) && !py::hasattr(callable, "__call__"))
    throw py::type_error("[watch] expected a callable of one moment, None or False");
  if (watch.is_none() && py::hasattr(callable, "close")) close_ = shared_object(callable.attr("close"));
  callable_ = shared_object(std::move(callable));
}

Watching::~Watching() {
  if (!close_) return;
  try {
    (*close_)();
  } catch (py::error_already_set& error) {
    error.discard_as_unraisable("steer: the bar of a terminal");
  }
}

Watch Watching::of_samples() {
  return [this](const Glimpse& glimpse) {
    return hear({title_, std::min(glimpse.share(), 1.0), {}, &glimpse});
  };
}

WorkWatch Watching::of_work() {
  return [this](const Moment& moment) { return hear(moment); };
}

bool Watching::hear(const Moment& moment) {
  if (raised_ || stopped_ || Signals::seen()) return false;
  if (!callable_) return true;
  const py::gil_scoped_acquire lock;
  try {
    const auto seen = moment_of(moment, watched_space);
    const py::object answer = (*callable_)(seen);
    seen->glimpse = nullptr;
    stopped_ = answer.is(py::bool_(false));
  } catch (...) {
    raised_ = std::current_exception();
  }
  return !stopped_ && !raised_;
}

void Watching::done() {
  // Ctrl-C that came after the last moment.
  if (!raised_ && PyErr_CheckSignals() != 0) throw py::error_already_set();
  if (raised_) std::rethrow_exception(std::exchange(raised_, nullptr));
}

void bind_callbacks(py::module_& m) {
  py::class_<PythonMoment, std::shared_ptr<PythonMoment>>(
      m, "Moment", "How far a work has come, as `watch` is told; it lives as long as that call.")
      .def_readonly("title", &PythonMoment::title, "Of this part of the work: \"guide\", \"train runs/a\".")
      .def_readonly("share", &PythonMoment::share, "Done of the part, in [0, 1].")
      .def_readonly("note", &PythonMoment::note, "Figures in a few words, or nothing.")
      .def_readonly("index", &PythonMoment::index, "Of the step or layer just made, from 0; -1 without one.")
      .def_readonly("of", &PythonMoment::of, "How many steps or layers there are.")
      .def_readonly("sigma", &PythonMoment::sigma, "Noise level reached, of families that have one.")
      .def_readonly("code", &PythonMoment::code, "int64 [N, layers so far] of models with codes, else None.")
      .def(
          "sample", [](const PythonMoment& moment) { return sample_of(moment).x; },
          "Samples as they stand [N, ...]: the layer's images or the denoised samples. Error after the call.")
      .def(
          "tokens", [](const PythonMoment& moment) { return sample_of(moment).token; },
          "The same of texts, int64 [N, T].")
      .def("picture", picture_of_moment, "The same as a picture [C, h, w] in [-1, 1].");
  m.def("_set_bar",
        [](const py::object& maker) { bar_maker() = maker.is_none() ? nullptr : shared_object(maker); });
}

}  // namespace steer
