// What the sources of the Python module share: its parts, values at its border, and calls without Python's
// lock.
#pragma once

#include <torch/csrc/utils/pybind.h>
#include <torch/types.h>

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "steer/core/json_fwd.h"
#include "steer/core/space.h"
#include "steer/core/state.h"
#include "steer/core/watch.h"
#include "steer/work/watching.h"

namespace steer {

// The parts of the module; each adds its names.
void bind_errors(py::module_& m);
void bind_callbacks(py::module_& m);
void bind_objectives(py::module_& m);
void bind_models(py::module_& m);
void bind_samples(py::module_& m);
void bind_codes(py::module_& m);
void bind_training(py::module_& m);
void bind_works(py::module_& m);
void bind_solving(py::module_& m);

// A Python object that any thread may copy and drop: the lock is taken where its count goes to zero.
using PyRef = std::shared_ptr<py::object>;
PyRef shared_object(py::object object);

// Python's values as JSON and back: None, bool, int, float, str, lists, tuples and dicts of them, pathlib
// paths as text. TypeError, which begins with `where`, for others.
Json json_of_python(const py::handle& value, const std::string& where);
py::object python_of_json(const Json& json);

// A tensor or None: undefined. TypeError, which names `what`, for anything else.
Tensor tensor_or_none(const py::handle& value, const char* what);

// What a path is as text: str or anything with __fspath__.
std::string path_text(const py::handle& value, const char* what);

// Whole numbers out of a range, list or tensor of them; of a single number that one.
std::vector<int64_t> whole_numbers_of(const py::handle& value, const char* what);

// The space that samples of this shape, without their number, are of: [C, H, W] images in [-1, 1], [d]
// points. ValueError for another number of sizes.
Space space_of_shape(const std::vector<int64_t>& sizes);

// Settings of autograd and autocast as the library's calls want them, put back at its end: inference mode and
// autocast off; gradients on, as in a program of its own, or, `of_caller`, as the caller has them.
class OurModes {
 public:
  explicit OurModes(bool of_caller);
  ~OurModes();
  OurModes(const OurModes&) = delete;
  OurModes& operator=(const OurModes&) = delete;

 private:
  struct Held;
  std::unique_ptr<Held> held_;
};

// RuntimeError in a process that was forked after its parent had computed with several threads, which OpenMP
// does not survive.
void check_not_forked();

// Ctrl-C as the library sees it while it works without the lock: between the blocks of a network, and where
// it waits for a program (core/interruption.h). What a handler of Python's raised is kept until raise().
class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // Throws what a handler raised since this was made.
  void raise() const;
  // Whether a handler of this thread raised something that is not out yet; asks Python at most every 20 ms.
  static bool seen() noexcept;

 private:
  struct Held;
  std::unique_ptr<Held> held_;
};

// How Python sees a work go on and ends it: a callable, the bar of a terminal, and Ctrl-C. What a callable
// raises, KeyboardInterrupt included, ends the work and comes out of done() as it is.
class Watching {
 public:
  // `watch`: a callable of one Moment; None for the bar where there is a terminal, False for nothing. `title`
  // is what a bar says. With the lock.
  Watching(const py::object& watch, const std::string& title);
  ~Watching();
  Watching(const Watching&) = delete;
  Watching& operator=(const Watching&) = delete;

  // Of samples and of other work. Both refer to this and are called without the lock, by the calling thread.
  Watch of_samples();
  WorkWatch of_work();

  // Throws what was raised; with the lock.
  void done();
  // Whether the callable said False.
  bool stopped() const { return stopped_; }

 private:
  bool hear(const Moment& moment);

  PyRef callable_, close_;
  std::string title_;
  bool stopped_ = false;
  std::exception_ptr raised_;
};

// Lines that the library has for whoever asked become Python warnings.
void warn_of_notice(const std::string& line);
// The same as a guard of one call.
class Warnings {
 public:
  Warnings();
  ~Warnings();
  Warnings(const Warnings&) = delete;
  Warnings& operator=(const Warnings&) = delete;

 private:
  struct Held;
  std::unique_ptr<Held> held_;
};

// The result of `work`, which runs without the lock. `of_caller` as OurModes.
template <class Work>
auto without_lock(const Work& work, bool of_caller = false) {
  check_not_forked();
  py::gil_scoped_release unlocked;
  const OurModes modes(of_caller);
  const Warnings warnings;
  const Signals signals;
  try {
    auto result = work();
    signals.raise();
    return result;
  } catch (...) {
    signals.raise();  // before what the work made of it
    throw;
  }
}

// The same, watched: what the watch raised comes before what the work made of its end.
template <class Work>
auto watched(Watching& watching, const Work& work) {
  try {
    auto result = without_lock(work);
    watching.done();
    return result;
  } catch (...) {
    watching.done();
    throw;
  }
}

}  // namespace steer
